//! A test in a process of its own, where the environment can be set.

use std::process::Command;

/// In the environment of such a process.
pub(crate) const CHILD: &str = "OFX_SESSION_TEST_CHILD";

/// Runs the test with this whole name again in a process of its own, with `set` in its environment. Says whether this is that process.
pub(crate) fn in_a_child(name: &str, set: &[(&str, &str)]) -> bool {
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", name, "--nocapture"]).env(CHILD, "1").envs(set.iter().copied());
    let output = child.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}{}", String::from_utf8_lossy(&output.stderr));
    false
}
