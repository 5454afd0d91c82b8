//! What is right and still unwise.

use super::{Document, Flaw, Pipeline, document::Hop, tree::Origin};

/// Keys that stand in the file itself, from which they would be committed.
pub(crate) fn remarks(pipeline: &Pipeline, document: &Document) -> Vec<Flaw> {
    let mut remarks = Vec::new();
    for (name, provider) in
        pipeline.providers.iter().filter(|(_, provider)| !provider.sandbox)
    {
        let path: [Hop<'_>; 3] =
            ["providers".into(), name.as_str().into(), "api_key".into()];
        if provider.api_key.is_some() && document.nearest(&path).origin != Origin::Outside
        {
            let message = "the key stands in the file: whoever reads the file has it";
            let hint = "write `${env:NAME}` or `${file:/run/secrets/name}`".to_owned();
            remarks.push(document.flaw(&path, message, Some(hint)));
        }
    }
    remarks
}
