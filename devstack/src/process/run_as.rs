//! Under which user a child process runs.

use std::ffi::OsString;
use std::path::Path;

/// The user of a child process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunAs {
    /// The user of this process.
    Same,
    /// uid and gid 65534, for servers that refuse root.
    Nobody,
    /// This user, seen as uid 1000 by the child: for files that uid 65534 cannot reach.
    UserNamespace,
}

impl RunAs {
    /// The command line that starts `program` as this user and lets it die with the thread that starts it.
    pub(super) fn command_line(self, program: &Path, death_signal: &str) -> Vec<OsString> {
        let program = program.as_os_str().to_owned();
        if !cfg!(target_os = "linux") {
            return vec![program];
        }
        let mut line: Vec<OsString> = match self {
            RunAs::Same => vec![],
            RunAs::Nobody => {
                ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"].map(Into::into).into()
            }
            RunAs::UserNamespace => {
                ["unshare", "--user", "--map-user=1000", "--map-group=1000"].map(Into::into).into()
            }
        };
        // Entering a user namespace clears the death signal, so a second setpriv comes after it.
        if self != RunAs::Nobody {
            line.push("setpriv".into());
        }
        line.extend(["--pdeathsig".into(), death_signal.into(), "--".into(), program]);
        line
    }
}
