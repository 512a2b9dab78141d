//! Which of the addresses of a host are called.

use std::process::Command;

use ofx_session::transport::{Addresses, TransportError};

use crate::child::CHILD;
use crate::papers::Authority;
use crate::peer::{nginx, nginx_of};
use crate::programs::skipped;
use crate::{not_sent, send, trusting};

/// Runs the test `name` again in a process for which `localhost` has an address of either family, whatever this machine says. Says
/// whether there can be one: it needs a namespace of its own.
fn where_there_are_both(name: &str) -> bool {
    assert!(std::env::var_os(CHILD).is_none(), "localhost has not both families where it was given both");
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return false;
    }
    let folder = tempfile::tempdir().unwrap();
    let hosts = folder.path().join("hosts");
    std::fs::write(&hosts, "127.0.0.1 localhost\n::1 localhost\n").unwrap();
    let mut child = Command::new("unshare");
    child.args(["--map-root-user", "--mount", "sh", "-c", "mount --bind \"$0\" /etc/hosts && exec \"$@\""]);
    child.arg(hosts).arg(std::env::current_exe().unwrap()).args(["--exact", name, "--nocapture"]).env(CHILD, "1");
    let Ok(output) = child.output() else { return false };
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    // This is how a test fails; anything else is the namespace.
    assert!(output.status.code() != Some(101), "{told}");
    if !output.status.success() {
        println!("{told}");
    }
    output.status.success() && told.contains("1 passed")
}

#[tokio::test]
async fn a_family_of_addresses_can_be_chosen() {
    let both = {
        let found = tokio::net::lookup_host(("localhost", 0)).await.unwrap();
        found.fold((false, false), |(four, six), one| (four || one.is_ipv4(), six || one.is_ipv6()))
    };
    if both != (true, true) {
        if where_there_are_both("families::a_family_of_addresses_can_be_chosen") {
            return;
        }
        skipped(
            "localhost has not both families here, and no namespace can be made in which it has: give it 127.0.0.1 and ::1",
        );
    }
    let authority = Authority::new("root");
    let server = |listen: &str, family: &str| {
        format!(
            "server {{ listen {listen}:{{port}} ssl; ssl_certificate server.pem; ssl_certificate_key server.key;\n\
             location / {{ return 200 \"<OFX>{family}\"; }} }}\n"
        )
    };
    let servers = server("127.0.0.1", "4") + &server("[::1]", "6");
    let Some(peer) = nginx_of(&servers).papers("server", &authority.server()).start() else { return };
    let url = peer.named_url();
    let said = |answer: ofx_session::transport::Response| String::from_utf8(answer.body().to_vec()).unwrap();
    let by = |which| send(trusting(&authority).addresses(which), &url);
    for which in [Addresses::Any, Addresses::PreferIpv4, Addresses::OnlyIpv4] {
        let told = said(by(which).await.unwrap());
        assert!(told == "<OFX>4" || which == Addresses::Any, "{which:?}: {told}");
    }
    match (both.1, by(Addresses::OnlyIpv6).await) {
        (true, Ok(answer)) => assert_eq!(said(answer), "<OFX>6"),
        (false, Err(error)) => {
            assert!(matches!(error, TransportError::Resolve { .. }), "{error:?}");
            not_sent(error);
        }
        other => panic!("{other:?}"),
    }
    let told = said(by(Addresses::PreferIpv6).await.unwrap());
    assert_eq!(told, if both.1 { "<OFX>6" } else { "<OFX>4" });
    // Where nobody listens in the preferred family, the other is tried.
    let Some(peer) = nginx(&authority.server(), "", "location / { return 200 \"<OFX>4\"; }").start() else { return };
    let options = trusting(&authority).addresses(Addresses::PreferIpv6);
    assert_eq!(said(send(options, &peer.named_url()).await.unwrap()), "<OFX>4");
    let literal = format!("https://[::1]:{}/", peer.port());
    let error = send(trusting(&authority), &literal).await.unwrap_err();
    assert!(matches!(error, TransportError::Connect { .. }), "{error:?}");
}
