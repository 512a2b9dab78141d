//! The records of a stored state, as postcard has them. Frozen: a field is never added, taken out or moved, and no flag or number gets
//! another meaning or a new one: older versions pass over flags that they do not know, and do not write them back.

use serde::{Deserialize, Serialize};

use crate::engine::recovery::{Copies, Leg, Recovery};
use crate::engine::{ChallengeAnswerTag, ClientUidUse, Dialect, Doubt, HeaderLine};
use crate::ofx::FileUid;

#[derive(Serialize, Deserialize)]
pub(crate) struct IdentityV1<'a> {
    pub(crate) url: &'a str,
    pub(crate) org: Option<&'a str>,
    pub(crate) fid: Option<&'a str>,
    pub(crate) version: u16,
    pub(crate) language: &'a str,
    /// 1: follow the profile's URLs; 2: close leaves; 4: line breaks; 8: ask for a profile; 16: never synchronize.
    pub(crate) flags: u8,
    pub(crate) app_id: &'a str,
    pub(crate) app_version: &'a str,
    pub(crate) client_uid: ClientUidV1<'a>,
    pub(crate) user_id: Option<&'a str>,
}

/// Mostly a UUID of ours, which is short as bytes.
#[derive(Serialize, Deserialize)]
pub(crate) enum ClientUidV1<'a> {
    Uuid([u8; 16]),
    Text(&'a str),
}

impl<'a> ClientUidV1<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let uuid = uuid::Uuid::try_parse(text).ok().filter(|uuid| uuid.to_string() == text);
        uuid.map_or(Self::Text(text), |uuid| Self::Uuid(uuid.into_bytes()))
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Uuid(bytes) => uuid::Uuid::from_bytes(*bytes).to_string(),
            Self::Text(text) => (*text).to_owned(),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct CredentialsV1<'a> {
    pub(crate) access_key: Option<&'a str>,
    pub(crate) app_key: Option<&'a str>,
}

/// What of a dialect is not in the flags of the identity.
#[derive(Serialize, Deserialize)]
pub(crate) struct DialectV1<'a> {
    /// 1: answers are `MFACHALLENGEA`; 2: short dates; 4: no `FI`; 8: `NEWFILEUID` is `NONE`; 16: again with the cookie;
    /// 32: the profile is the user's.
    pub(crate) flags: u8,
    /// `CLIENTUID`: 0 by version, 1 in upper case, 2 never, 3 in every version.
    pub(crate) client_uid: u8,
    #[serde(borrow)]
    pub(crate) user_agent: HeaderLineV1<'a>,
    #[serde(borrow)]
    pub(crate) accept: HeaderLineV1<'a>,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum HeaderLineV1<'a> {
    Default,
    None,
    Text(&'a str),
}

#[derive(Serialize, Deserialize)]
pub(crate) struct OperationV1<'a> {
    /// As `TaskKind::number` has it: 0 profile, 1 accounts, 2 payment, and others, which come with a `RequestV1`.
    pub(crate) kind: u8,
    pub(crate) seed: [u8; 16],
    pub(crate) files: u32,
    /// 0 questions to fetch, 1 the same after wrong answers, 2 request to send, 3 answers to give, 4 in doubt, 5 the
    /// client to be approved, with the institution's words as `doubt_text`.
    pub(crate) phase: u8,
    /// In phase 4: 0 no answer, 1 interrupted, 2 unreadable, 3 not mentioned, 4 duplicate, 5 the second try was refused, 6 the
    /// history was lost.
    /// In phase 3: 0 none, else one more than the same for an earlier send. In the others: 0.
    pub(crate) doubt: u8,
    pub(crate) doubt_text: Option<&'a str>,
    /// Where the request and the questions go, when no profile is stored that says it.
    #[serde(borrow)]
    pub(crate) urls: Option<(&'a str, &'a str)>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct AnnouncedV1 {
    /// The newest `DTPROFUP` of a signon that was newer than the profile, in unix seconds.
    pub(crate) at: u64,
    /// Whether the profile was asked for since.
    pub(crate) is_fetched: bool,
}

/// The signon realms that are not the home realm.
#[derive(Serialize, Deserialize)]
pub(crate) struct RealmsV1<'a> {
    #[serde(borrow)]
    pub(crate) realms: Vec<RealmV1<'a>>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RealmV1<'a> {
    /// The first bytes of SHA-256 of `SIGNONREALM`.
    pub(crate) name: [u8; 8],
    /// The message sets of the realm: 1 `PROF`, 2 `SIGNUP`, 4 `BILLPAY`.
    pub(crate) sets: u8,
    pub(crate) access_key: Option<&'a str>,
    pub(crate) session_cookie: Option<&'a str>,
}

/// The newest first.
#[derive(Serialize, Deserialize)]
pub(crate) struct CookiesV1<'a> {
    /// Whose it is, and how it is set. Neither is read here.
    #[serde(borrow)]
    pub(crate) cookies: Vec<(&'a str, &'a str)>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct UserKeyV1<'a> {
    pub(crate) key: &'a str,
    pub(crate) expires: Option<&'a str>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RequestV1<'a> {
    /// Packed `BANKACCTFROM` of the history that it goes into, where the request does not have it; or nothing.
    pub(crate) account: &'a [u8],
    /// For several requests: which one was asked for at which place of the file.
    pub(crate) order: &'a [u8],
}

#[derive(Serialize, Deserialize)]
pub(crate) struct MarksV1<'a> {
    pub(crate) last_file: Option<&'a str>,
    #[serde(borrow)]
    pub(crate) tokens: Vec<([u8; 8], &'a str)>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RecoveryV1<'a> {
    /// 0 ask for a token, and in a restored operation for the whole history, 1 the request, 2 the same file, 3 ask for the history,
    /// 4 try the new password, 5 try the old one.
    pub(crate) leg: u8,
    pub(crate) token: Option<&'a str>,
    #[serde(borrow)]
    pub(crate) file: Option<(&'a str, u32)>,
    /// 1: the same file was sent in vain; 2: exhausted; 4: earlier copies are fenced off; 8: sent in more than one file; 16: received.
    pub(crate) flags: u8,
    pub(crate) rounds: u8,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct QuestionsV1<'a> {
    pub(crate) again: bool,
    #[serde(borrow)]
    pub(crate) questions: Vec<(&'a str, Option<&'a str>)>,
}

/// The part of a dialect, when anything that belongs into it is set.
pub(crate) fn write_dialect(dialect: &Dialect) -> Option<DialectV1<'_>> {
    let Dialect {
        // In the flags of the identity.
        close_leaves: _,
        line_breaks: _,
        without_profile: _,
        ignore_profile_urls: _,
        without_synchronization: _,
        challenge_answer,
        short_dates,
        without_fi,
        client_uid,
        without_file_uids,
        user_agent,
        accept,
        repeat_for_cookie,
        profile_of_user,
    } = dialect;
    let short_tag = *challenge_answer == ChallengeAnswerTag::A;
    let flags = u8::from(short_tag)
        | u8::from(*short_dates) << 1
        | u8::from(*without_fi) << 2
        | u8::from(*without_file_uids) << 3
        | u8::from(*repeat_for_cookie) << 4
        | u8::from(*profile_of_user) << 5;
    let client_uid = match client_uid {
        ClientUidUse::ByVersion => 0,
        ClientUidUse::UpperCase => 1,
        ClientUidUse::Never => 2,
        ClientUidUse::InEveryVersion => 3,
    };
    let same = (flags, client_uid, user_agent, accept) == (0, 0, &HeaderLine::Default, &HeaderLine::Default);
    (!same).then(|| DialectV1 { flags, client_uid, user_agent: write_line(user_agent), accept: write_line(accept) })
}

/// Adds to a dialect what its part holds. `None` when that has no meaning.
pub(crate) fn read_dialect(found: &DialectV1<'_>, identity: Dialect) -> Option<Dialect> {
    Some(Dialect {
        challenge_answer: if found.flags & 1 == 0 { ChallengeAnswerTag::Answer } else { ChallengeAnswerTag::A },
        short_dates: found.flags & 2 != 0,
        without_fi: found.flags & 4 != 0,
        without_file_uids: found.flags & 8 != 0,
        repeat_for_cookie: found.flags & 16 != 0,
        profile_of_user: found.flags & 32 != 0,
        client_uid: match found.client_uid {
            0 => ClientUidUse::ByVersion,
            1 => ClientUidUse::UpperCase,
            2 => ClientUidUse::Never,
            3 => ClientUidUse::InEveryVersion,
            _ => return None,
        },
        user_agent: read_line(&found.user_agent),
        accept: read_line(&found.accept),
        ..identity
    })
}

fn write_line(line: &HeaderLine) -> HeaderLineV1<'_> {
    match line {
        HeaderLine::Default => HeaderLineV1::Default,
        HeaderLine::None => HeaderLineV1::None,
        HeaderLine::Text(text) => HeaderLineV1::Text(text),
    }
}

fn read_line(line: &HeaderLineV1<'_>) -> HeaderLine {
    match line {
        HeaderLineV1::Default => HeaderLine::Default,
        HeaderLineV1::None => HeaderLine::None,
        HeaderLineV1::Text(text) => HeaderLine::Text((*text).to_owned()),
    }
}

pub(crate) fn write_doubt(doubt: &Doubt) -> (u8, Option<&str>) {
    match doubt {
        Doubt::NoAnswer(why) => (0, Some(why)),
        Doubt::Interrupted => (1, None),
        Doubt::Unreadable(why) => (2, Some(why)),
        Doubt::NotMentioned => (3, None),
        Doubt::Duplicate(message) => (4, message.as_deref()),
        Doubt::RepeatRefused(why) => (5, Some(why)),
        Doubt::HistoryLost => (6, None),
    }
}

pub(crate) fn read_doubt(code: u8, text: Option<&str>) -> Option<Doubt> {
    let text = text.map(str::to_owned);
    Some(match code {
        0 => Doubt::NoAnswer(text.unwrap_or_default()),
        1 => Doubt::Interrupted,
        2 => Doubt::Unreadable(text.unwrap_or_default()),
        3 => Doubt::NotMentioned,
        4 => Doubt::Duplicate(text),
        5 => Doubt::RepeatRefused(text.unwrap_or_default()),
        6 => Doubt::HistoryLost,
        _ => return None,
    })
}

pub(crate) fn write_recovery(recovery: &Recovery) -> RecoveryV1<'_> {
    let Recovery { leg, token, copies, file_failed, exhausted, fenced, received, refused: _, alone: _, rounds } =
        recovery;
    let flags = [*file_failed, *exhausted, *fenced, copies.repeated, *received];
    RecoveryV1 {
        leg: match leg {
            Leg::Token => 0,
            Leg::Request => 1,
            Leg::SameFile => 2,
            Leg::History => 3,
            Leg::NewPassword => 4,
            Leg::OldPassword => 5,
        },
        token: token.as_deref(),
        file: copies.file.as_ref().map(|(old, number)| (old.as_str(), *number)),
        flags: flags.into_iter().rev().fold(0, |flags, flag| flags << 1 | u8::from(flag)),
        rounds: *rounds,
    }
}

pub(crate) fn read_recovery(found: &RecoveryV1<'_>) -> Option<Recovery> {
    let leg = match found.leg {
        // A copy of the operation may have gone on from here: what it did is in the history, from its beginning.
        0 => Leg::History,
        1 => Leg::Request,
        2 => Leg::SameFile,
        3 => Leg::History,
        4 => Leg::NewPassword,
        5 => Leg::OldPassword,
        _ => return None,
    };
    let recovery = Recovery {
        leg,
        token: found.token.map(str::to_owned),
        copies: Copies {
            file: found.file.map(|(old, number)| (FileUid::new(old), number)),
            repeated: found.flags & 8 != 0,
        },
        file_failed: found.flags & 1 != 0,
        exhausted: found.flags & 2 != 0,
        fenced: found.flags & 4 != 0,
        received: found.flags & 16 != 0,
        refused: None,
        alone: false,
        rounds: found.rounds,
    };
    let possible = match leg {
        Leg::Request | Leg::NewPassword | Leg::OldPassword => true,
        Leg::SameFile => recovery.copies.file.is_some(),
        Leg::Token | Leg::History => recovery.token.is_some(),
    };
    Some(recovery).filter(|_| possible)
}
