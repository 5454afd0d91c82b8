//! The command by which a person ends doubts, as it is to be typed.

use crate::args::FileArgs;

/// The command for the pipeline and the state that a verb was started with.
#[derive(Clone, Debug)]
pub(crate) struct Remedy {
    file: String,
    state: Option<String>,
}

impl Remedy {
    /// For the arguments of a verb.
    pub(crate) fn of(args: &FileArgs) -> Self {
        Self {
            file: quoted(&args.file.display().to_string()),
            state: args.state.as_deref().map(quoted),
        }
    }

    /// `leadmill resolve pipeline.yaml 00f1e2d3c4b5a697 --not-charged`, or with `--all` where there are several.
    pub(crate) fn command(&self, batches: &[String]) -> String {
        let which = match batches {
            [batch] => batch,
            _ => "--all",
        };
        let state = self.state.as_ref().map(|state| format!(" --state {state}"));
        let state = state.unwrap_or_default();
        format!("leadmill resolve {} {which} --not-charged{state}", self.file)
    }

    /// The command for programs; none where nothing waits for a person.
    pub(crate) fn json(&self, batches: &[String]) -> Option<String> {
        (!batches.is_empty()).then(|| self.command(batches))
    }

    /// A line for people; none where nothing waits for them.
    pub(crate) fn line(&self, batches: &[String]) -> Option<String> {
        if batches.is_empty() {
            return None;
        }
        let others = match batches.len() {
            1 => "or with `--job ID`, `--ask-again` or `--give-up`",
            _ => {
                "or with `--ask-again` or `--give-up`; with a batch in place of `--all` for that one, also with `--job ID`"
            }
        };
        let command = self.command(batches);
        Some(format!(
            "  to end this, once you have seen at the provider what was charged: `{command}`, {others}\n"
        ))
    }
}

/// As a shell takes it.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-:@%+=,".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_names_its_batch_or_all_and_can_be_typed() {
        let args = |state: Option<&str>| FileArgs {
            file: "my pipelines/a.yaml".into(),
            vars: Vec::new(),
            state: state.map(str::to_owned),
            run_key: None,
        };
        let one = ["00f1e2d3c4b5a697".to_owned()];
        assert_eq!(
            Remedy::of(&args(None)).command(&one),
            "leadmill resolve 'my pipelines/a.yaml' 00f1e2d3c4b5a697 --not-charged"
        );
        let two = [one[0].clone(), "1".to_owned()];
        assert_eq!(
            Remedy::of(&args(Some(".state"))).command(&two),
            "leadmill resolve 'my pipelines/a.yaml' --all --not-charged --state .state"
        );
        assert_eq!(Remedy::of(&args(None)).line(&[]), None);
    }
}
