//! Reading `bole.toml` and laying flags and environment over it.

use std::path::{Path, PathBuf};

use crate::config::{ConfigError, Layer, Settings, check};

/// Where the file's part came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// No file: flags, environment and defaults only.
    None,
    /// This file.
    File(PathBuf),
}

/// The settings in force: flags and environment over the file over defaults. Without `path`, `./bole.toml` is read when
/// it is there.
///
/// # Errors
/// A named file that cannot be read, a line that is not TOML or not a setting, a value that cannot be right.
pub fn load(flags: Layer, path: Option<&Path>) -> Result<(Settings, Source), ConfigError> {
    let (file, source) = match path {
        Some(path) => (read(path)?, Source::File(path.to_owned())),
        None if Path::new("bole.toml").is_file() => (
            read(Path::new("bole.toml"))?,
            Source::File(PathBuf::from("bole.toml")),
        ),
        None => (Layer::default(), Source::None),
    };
    let settings = flags.over(file).resolve();
    check(&settings)?;
    Ok((settings, source))
}

fn read(path: &Path) -> Result<Layer, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|e| ConfigError::Read {
        path: path.to_owned(),
        detail: e.to_string(),
    })?;
    parse(&text).map_err(|detail| ConfigError::Parse {
        path: path.to_owned(),
        detail,
    })
}

fn parse(text: &str) -> Result<Layer, String> {
    toml::from_str(text).map_err(|e| e.to_string().trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let file = parse("dwell_limit_ms = 5000\nlog = 'debug'\ninternal_networks = ['10.0.0.0/8']\nbinding_days = 'forever'").unwrap();
        let flags = Layer {
            dwell_limit_ms: Some(7000),
            ..Layer::default()
        };
        let settings = flags.over(file).resolve();
        assert_eq!(settings.dwell_limit_ms, 7000);
        assert_eq!(settings.log, "debug");
        assert_eq!(settings.binding_days.0, None);
        assert_eq!(settings.internal_networks.len(), 1);
        assert_eq!(settings.hold_days, 7);
    }

    #[test]
    fn a_line_that_is_no_setting_is_refused_with_its_place() {
        let error = parse("listen = '127.0.0.1:80'\nlisten_port = 3\n").unwrap_err();
        assert!(
            error.contains("line 2") && error.contains("listen_port"),
            "{error}"
        );
        let error = parse("listen = 'nowhere'\n").unwrap_err();
        assert!(error.contains("line 1"), "{error}");
    }
}
