//! Which life of which machine this is: for how long its time can be compared.

use crate::StateError;
use std::{fs, path::Path};

/// Names this machine's life, and the clock that processes here see of it: a container may have one of its own.
pub(super) fn this() -> Result<String, StateError> {
    let path = Path::new("/proc/sys/kernel/random/boot_id");
    let boot =
        fs::read_to_string(path).map_err(|error| StateError::Io(path.into(), error))?;
    let clock = fs::read_link("/proc/self/ns/time").unwrap_or_default();
    Ok(format!("{} {}", boot.trim(), clock.display()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_machine_s_life_has_one_name() {
        let name = super::this().unwrap();
        assert_eq!(super::this().unwrap(), name);
        assert!(name.len() > 36, "{name}");
    }
}
