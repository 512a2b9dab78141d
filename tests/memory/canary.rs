//! The secrets that must not be left behind, and how they look in memory.

use std::sync::OnceLock;

use crate::allocator::Secrets;

/// Characters that are escaped in a document, and one that is not ASCII.
pub(crate) const PASSWORD: &str = "Zk83Qv&LmWtY<4dWx-pw-Größe-91";
pub(crate) const NEW_PASSWORD: &str = "nw5&Hq82-Größer-Tz<61pLs";
pub(crate) const USER_CRED1: &str = "cred-one-7GhT2mNb";
pub(crate) const USER_CRED2: &str = "cred-two-Xe9RkL4w";
pub(crate) const AUTH_TOKEN: &str = "otp-60318845-Vd3s";
pub(crate) const ANSWER: &str = "Aunt-Philippa-Q7zR";
pub(crate) const SECOND_ANSWER: &str = "Narragansett-Wh2k8";
pub(crate) const DEVICE: &str = "AC-DE-48-00-11-80";
pub(crate) const APP_KEY: &str = "appkey-3Jd8sVq0Lz1m";
pub(crate) const ACCESS_TOKEN: &str = "token-Yb5nC0xT7uKe2wRq";
/// 171 characters, the most that an institution may send, one of them escaped in a document.
pub(crate) const ACCESS_KEY: &str = "fQ7&ae0u4Zs1Xn9Lb6Kc3Hm8Tg5Wp2Rv7Jd0Yk4Fx1Ni9So6Ue3Bq8Cz5Al2Gh7Mw0Pt4Dr1Vy9\
    Ej6Ok3Iu8Fx5Qa2Zs7Wn0Xe4Lb1Kc9Hm6Tg3Wp8Rv5Jd2Yk7Fx0Ni4So1Ue9Bq6Cz3Al8Gh5Mw2Pt7Dr0Vy4Ej1Ok9Iu6F";
pub(crate) const SECOND_ACCESS_KEY: &str = "Ny4kSg81-second-Qe6Lr03Xt-key";
/// With what looks like an entity and is none.
pub(crate) const SESSION_COOKIE: &str = "ck&Pz5Hq1Nv7KawTg;x3Lm";
/// As a transport has it.
pub(crate) const HTTP_COOKIE: &str = "id=Rt6-http-cookie-Wq3Zn; Path=/";
/// Digits only: a packed state holds two in a byte.
pub(crate) const CHECKING: &str = "7391645820473916820";
pub(crate) const SAVINGS: &str = "KX-60518-2297-4401-Q";
pub(crate) const CARD: &str = "4929381756204417";
pub(crate) const PAY_ACCOUNT: &str = "88-204-117-5530-91";
pub(crate) const KEY: [u8; 32] =
    *b"\x91\x0a\xe4k\xb0V3\xfe\x1cR\x77\x88\xd1\x05z\xc6\x3e\x99\xab\x42\x10\xf3\x6d\x58Hw\xed\x2b\x06\xbc\x71\xda";
pub(crate) const OTHER_KEY: [u8; 32] = *b"\x2f\xd8\x64\x13\xaeP\x9b\x07\xe2\x45\xc8q\x1e\xf6\x38\xb9\x60\x0d\x97\x5a\xcf\x21\x8eT\xba\x3b\x74\xe9\x12\xa6\x4d\x03";

/// All of them, in every form in which they are held.
pub(crate) fn secrets() -> &'static Secrets {
    static SECRETS: OnceLock<&'static Secrets> = OnceLock::new();
    SECRETS.get_or_init(|| {
        let texts = TEXTS.iter().flat_map(|(name, text)| forms(text).into_iter().map(|form| (*name, form)));
        Secrets::new(texts.chain([("key", KEY.to_vec()), ("other key", OTHER_KEY.to_vec())]))
    })
}

fn forms(text: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![text.as_bytes().to_vec()];
    forms.push(text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect());
    forms.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let digits: Vec<u8> = text.bytes().map(|byte| byte - b'0').collect();
        let packed = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        forms.extend([packed, digits]);
    }
    forms
}

const TEXTS: [(&str, &str); 18] = [
    ("new password", NEW_PASSWORD),
    ("password", PASSWORD),
    ("first user credential", USER_CRED1),
    ("second user credential", USER_CRED2),
    ("authentication token", AUTH_TOKEN),
    ("answer", ANSWER),
    ("second answer", SECOND_ANSWER),
    ("answer of the program", DEVICE),
    ("application's key", APP_KEY),
    ("access token", ACCESS_TOKEN),
    ("access key", ACCESS_KEY),
    ("second access key", SECOND_ACCESS_KEY),
    ("session cookie", SESSION_COOKIE),
    ("HTTP cookie", HTTP_COOKIE),
    ("checking account", CHECKING),
    ("savings account", SAVINGS),
    ("card", CARD),
    ("account at the payee", PAY_ACCOUNT),
];
