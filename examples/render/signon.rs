//! Who signs on, and how: each way with a request that does no harm.

use ofx_session::engine::{Answers, Application, ClientUidUse, Dialect, Intent, Operation};
use ofx_session::ofx::Style;
use ofx_session::{Credentials, Version};

use super::scene::{Scene, now};
use super::{Case, Result, answers};

pub fn cases() -> Vec<Case> {
    let accounts = |credentials: Credentials| {
        move |scene: &mut Scene| {
            scene.credentials = credentials.clone();
            scene.render(Intent::Accounts)
        }
    };
    let password = || Credentials::new("jane", "correct horse");
    vec![
        Case::of("profile", Intent::Profile),
        Case::new("profile-known", |scene| {
            scene.learn_profile(false)?;
            scene.render(Intent::Profile)
        }),
        Case::new("signon-user-key", accounts(Credentials::user_key("K-2271-99a0"))),
        Case::new("signon-asks-for-user-key", accounts(password().asking_for_user_key())),
        Case::new("signon-access-token", accounts(Credentials::access_token("eyJhbGciOiJub25lIn0.e30.")))
            .only(Version::knows_access_token),
        Case::new("signon-user-cred1", accounts(password().user_cred1("tulip"))).only(Version::knows_mfa),
        Case::new("signon-user-cred2", accounts(password().user_cred1("tulip").user_cred2("0815")))
            .only(Version::knows_mfa),
        Case::new("signon-auth-token", accounts(password().auth_token("830412"))).only(Version::knows_mfa),
        Case::new(
            "signon-everything",
            accounts(password().user_cred1("tulip").user_cred2("0815").auth_token("830412").asking_for_user_key()),
        )
        .only(Version::knows_mfa),
        Case::new("signon-app-key", |scene| {
            scene.application(Application::new("QWIN", "2700").key("app-5521"));
            scene.render(Intent::Accounts)
        })
        .only(Version::knows_access_token)
        .left_out("APPKEY"),
        Case::new("signon-without-institution", |scene| {
            scene.at(|institution| institution);
            scene.render(Intent::Accounts)
        }),
        Case::new("signon-org-only", |scene| {
            scene.at(|institution| institution.org("EXAMPLE"));
            scene.render(Intent::Accounts)
        }),
        Case::new("signon-in-french", |scene| {
            scene.at(|institution| institution.org("EXAMPLE").fid("7777").language("FRE"));
            scene.render(Intent::Accounts)
        }),
        Case::new("signon-session-cookie", |scene| {
            scene.learn_accounts()?;
            scene.render(Intent::Accounts)
        }),
        Case::new("signon-access-key", |scene| {
            scene.learn_accounts()?;
            scene.render(Intent::Accounts)
        })
        .only(Version::knows_mfa)
        .left_out("ACCESSKEY"),
        Case::new("signon-closed-leaves", |scene| {
            scene.style(Style::new().close_leaves(true));
            scene.render(Intent::Accounts)
        }),
        Case::new("signon-lines", |scene| {
            scene.style(Style::new().line_breaks(true));
            scene.render(Intent::Accounts)
        }),
        // What differs from the published grammars on purpose (MFACHALLENGEA, CLIENTUID in every version) is not for a validator.
        dialect("signon-short-dates", Dialect::new().short_dates(true)),
        dialect("signon-without-fi", Dialect::new().without_fi(true)),
        dialect("signon-without-file-uids", Dialect::new().without_file_uids(true)),
        dialect("signon-client-uid-in-upper-case", Dialect::new().client_uid(ClientUidUse::UpperCase)),
        dialect("signon-without-client-uid", Dialect::new().client_uid(ClientUidUse::Never)),
        Case::new("questions", |scene| {
            let operation = refused_for_questions(scene)?;
            scene.file(&operation)
        })
        .only(Version::knows_mfa),
        Case::new("questions-first", |scene| {
            scene.learn_profile(true)?;
            scene.render(Intent::Accounts)
        })
        .only(Version::knows_mfa),
        Case::new("signon-answers", |scene| {
            let operation = refused_for_questions(scene)?;
            let operation = scene.hear(operation, &answers::questions())?;
            let given = Answers::new().with("MFA16", "Garcia").with("BRQ7", "Newport");
            let (operation, _) = operation.handle_answer(&scene.state, &given, now())?;
            scene.file(&operation)
        })
        .only(Version::knows_mfa),
        Case::new("change-password", |scene| {
            scene.credentials = Credentials::new("jane", "correct horse").new_password("battery staple");
            scene.render(Intent::ChangePassword)
        }),
    ]
}

/// An institution that wants to be spoken to in another way.
fn dialect(name: &str, dialect: Dialect) -> Case {
    Case::new(name, move |scene| {
        let dialect = dialect.clone();
        scene.at(|institution| institution.org("EXAMPLE").fid("7777").dialect(dialect));
        scene.render(Intent::Accounts)
    })
}

/// The account list was asked for, and the institution wants its questions answered first.
fn refused_for_questions(scene: &mut Scene) -> Result<Operation> {
    let operation = scene.begin(Intent::Accounts)?;
    scene.hear(operation, &answers::challenge_needed())
}
