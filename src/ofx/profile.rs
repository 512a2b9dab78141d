//! The institution's profile: what it offers, where, and how one signs on. OFX 1.0.3 §7, OFX 2.3 §7.

use crate::ofx::aggregate::{aggregate, words};
use crate::ofx::{
    Content, DecodeError, Element, Elements, Member, MessageSetDetails, Sink, Stamp, Status, TrnUid, Version,
};

words! {
    /// `CLIENTROUTING`: whether the client can send message sets to different places.
    pub enum ClientRouting {
        /// All to one place.
        None = "NONE",
        /// Services may live elsewhere.
        Service = "SERVICE",
        /// Every message set may live elsewhere.
        MessageSet = "MSGSET",
    }
}

aggregate! {
    /// `PROFTRNRQ`: asks for the profile.
    #[doc(alias = "PROFTRNRQ")]
    pub struct ProfileTransaction {
        /// `TRNUID`.
        trn_uid: TrnUid = "TRNUID",
        /// `PROFRQ`.
        request: ProfileRequest = "PROFRQ",
    }
}

impl ProfileTransaction {
    /// Asks for the profile unless it is still that of `known`.
    #[must_use]
    pub fn new(trn_uid: TrnUid, known: Stamp) -> Self {
        Self { trn_uid, request: ProfileRequest { routing: ClientRouting::MessageSet, updated: known } }
    }
}

aggregate! {
    /// `PROFRQ`.
    #[doc(alias = "PROFRQ")]
    pub struct ProfileRequest {
        /// `CLIENTROUTING`.
        routing: ClientRouting = "CLIENTROUTING",
        /// `DTPROFUP` of the profile that is known.
        updated: Stamp = "DTPROFUP",
    }
}

aggregate! {
    /// `PROFTRNRS`.
    #[doc(alias = "PROFTRNRS")]
    pub struct ProfileTransactionResponse {
        /// `TRNUID`.
        trn_uid: TrnUid = "TRNUID",
        /// `STATUS`: 1 when the known profile is up to date.
        status: Status = "STATUS",
        /// `PROFRS`; absent when up to date or refused.
        response: Option<Profile> = "PROFRS",
    }
}

impl ProfileTransactionResponse {
    /// An answer.
    #[must_use]
    pub fn new(trn_uid: TrnUid, status: Status, response: Option<Profile>) -> Self {
        Self { trn_uid, status, response }
    }
}

aggregate! {
    /// `PROFRS`: everything an institution says of itself.
    #[doc(alias = "PROFRS")]
    pub struct Profile {
        /// `MSGSETLIST`: the message sets it offers.
        message_sets: Vec<MessageSet> = "MSGSETLIST",
        /// `SIGNONINFOLIST`: one for each signon realm.
        signon: Vec<SignonInfo> = "SIGNONINFOLIST/SIGNONINFO",
        /// `DTPROFUP`: to be sent with the next request.
        updated: Option<Stamp> = "DTPROFUP",
        /// `FINAME`.
        name: Option<String> = "FINAME",
        /// `ADDR1`.
        address1: Option<String> = "ADDR1",
        /// `ADDR2`.
        address2: Option<String> = "ADDR2",
        /// `ADDR3`.
        address3: Option<String> = "ADDR3",
        /// `CITY`.
        city: Option<String> = "CITY",
        /// `STATE`.
        state: Option<String> = "STATE",
        /// `POSTALCODE`.
        postal_code: Option<String> = "POSTALCODE",
        /// `COUNTRY`.
        country: Option<String> = "COUNTRY",
        /// `CSPHONE`: customer service.
        customer_phone: Option<String> = "CSPHONE",
        /// `TSPHONE`: technical support.
        technical_phone: Option<String> = "TSPHONE",
        /// `FAXPHONE`.
        fax: Option<String> = "FAXPHONE",
        /// `URL`: a page for people, not for OFX.
        web_page: Option<String> = "URL",
        /// `EMAIL`.
        email: Option<String> = "EMAIL",
    }
}

impl Profile {
    /// A profile of these message sets and signon realms.
    #[must_use]
    pub fn new(updated: Stamp, message_sets: Vec<MessageSet>, signon: Vec<SignonInfo>) -> Self {
        Self {
            message_sets,
            signon,
            updated: Some(updated),
            name: None,
            address1: None,
            address2: None,
            address3: None,
            city: None,
            state: None,
            postal_code: None,
            country: None,
            customer_phone: None,
            technical_phone: None,
            fax: None,
            web_page: None,
            email: None,
        }
    }

    /// The `PROFRS` aggregate, as the given version has it.
    #[must_use]
    pub fn to_element(&self, version: Version) -> Element {
        self.write("PROFRS", version)
    }

    /// A message set by the name before `MSGSET`: `BILLPAY`, `SIGNUP`, `BANK`. Version 1 of it, which is what this crate
    /// speaks, and another one only where there is no version 1.
    #[must_use]
    pub fn message_set(&self, name: &str) -> Option<&MessageSet> {
        let sets = self.message_sets.iter().filter(|set| set.name == name);
        sets.clone().find(|set| set.version == 1).or_else(|| sets.clone().next())
    }

    /// How one signs on to a message set; the only realm there is when the set names none.
    #[must_use]
    pub fn signon_info(&self, name: &str) -> Option<&SignonInfo> {
        let realm = self.message_set(name).and_then(|set| set.core.realm.as_deref());
        self.signon.iter().find(|info| Some(info.realm.as_str()) == realm).or(match self.signon.as_slice() {
            [only] => Some(only),
            _ => None,
        })
    }
}

words! {
    /// `SYNCMODE`: whether the institution keeps a history of responses.
    pub enum SyncMode {
        /// A full history: a client can ask what happened since a token.
        Full = "FULL",
        /// None: recovery is by repeating the same file.
        Lite = "LITE",
    }
}

words! {
    /// `OFXSEC`: how a message set protects the password beside TLS.
    pub enum ApplicationSecurity {
        /// Not at all.
        None = "NONE",
        /// Encrypted with the institution's certificate, which this crate does not do.
        Type1 = "TYPE1",
        /// As printed in the specification's text.
        Type1WithBlank = "TYPE 1",
    }
}

impl ApplicationSecurity {
    /// Whether the password must be encrypted, in either spelling.
    #[must_use]
    pub fn is_type1(&self) -> bool {
        matches!(self, Self::Type1 | Self::Type1WithBlank)
    }
}

aggregate! {
    /// `MSGSETCORE`: where a message set lives and how it is protected.
    #[doc(alias = "MSGSETCORE")]
    pub struct MessageSetCore {
        /// `VER`: version of the message set, not of OFX.
        version: Option<u32> = "VER",
        /// `URL` to send it to.
        url: String = "URL",
        /// `OFXSEC`: application-level security.
        security: Option<ApplicationSecurity> = "OFXSEC",
        /// `TRANSPSEC`: whether TLS is used.
        transport_security: Option<bool> = "TRANSPSEC",
        /// `SIGNONREALM`: which `SIGNONINFO` counts.
        realm: Option<String> = "SIGNONREALM",
        /// `LANGUAGE`, one or more.
        languages: Vec<String> = "LANGUAGE",
        /// `COUNTRY`; some of 1.5.1 and 1.6.
        countries: Vec<String> = "COUNTRY",
        /// `SYNCMODE`.
        sync_mode: Option<SyncMode> = "SYNCMODE",
        /// `REFRESHSUPT`: whether a refresh is supported. Unknown to 1.0.2.
        refresh: Option<bool> = "REFRESHSUPT" if since_103,
        /// `RESPFILEER`: whether a lost answer can be had again by repeating the same file.
        file_recovery: Option<bool> = "RESPFILEER",
        /// `SPNAME`: the service provider behind it.
        provider: Option<String> = "SPNAME",
    }
}

impl MessageSetCore {
    /// A message set at `url` that belongs to a signon realm.
    #[must_use]
    pub fn new(url: &str, realm: &str, sync_mode: SyncMode, file_recovery: bool) -> Self {
        Self {
            version: Some(1),
            url: url.to_owned(),
            security: Some(ApplicationSecurity::None),
            transport_security: Some(true),
            realm: Some(realm.to_owned()),
            languages: vec!["ENG".to_owned()],
            countries: Vec::new(),
            sync_mode: Some(sync_mode),
            refresh: None,
            file_recovery: Some(file_recovery),
            provider: None,
        }
    }
}

/// One version of a message set with its attributes: `BILLPAYMSGSET/BILLPAYMSGSETV1`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageSet {
    /// The name before `MSGSET`: `BILLPAY`.
    pub name: String,
    /// The number behind `V`: 1, or 2 in 1.5.1 and 1.6.
    pub version: u32,
    /// `MSGSETCORE`.
    pub core: MessageSetCore,
    /// What the set says of itself.
    pub details: MessageSetDetails,
}

impl MessageSet {
    /// Version 1 of a set.
    #[must_use]
    pub fn new(name: &str, core: MessageSetCore, details: MessageSetDetails) -> Self {
        Self { name: name.to_owned(), version: 1, core, details }
    }

    fn read(name: &str, version: u32, element: &Element) -> Result<Self, DecodeError> {
        let core = Member::take(element, "MSGSETCORE")?;
        Ok(Self { name: name.to_owned(), version, core, details: MessageSetDetails::read(name, element) })
    }
}

impl Member for Vec<MessageSet> {
    /// A set that cannot be read is left out, so that one careless entry does not hide all the others.
    fn take(parent: &Element, tag: &'static str) -> Result<Self, DecodeError> {
        let mut sets = Self::new();
        for set in parent.child(tag).map(Element::children).unwrap_or_default() {
            let Some(name) = set.tag().strip_suffix("MSGSET") else { continue };
            for element in set.children() {
                let version = element.tag().strip_prefix(set.tag()).and_then(|rest| rest.strip_prefix('V'));
                let Some(version) = version.and_then(|digits| digits.parse().ok()) else { continue };
                sets.extend(MessageSet::read(name, version, element).ok());
            }
        }
        Ok(sets)
    }

    fn put(&self, tag: &'static str, version: Version, out: &mut dyn Sink) {
        out.aggregate(tag, |out| {
            for set in self {
                let mut inside = Elements::default();
                set.core.put("MSGSETCORE", version, &mut inside);
                set.details.write_members(version, &mut inside);
                let versioned = Element::aggregate(format!("{}MSGSETV{}", set.name, set.version), inside.finish());
                out.element(&Element::aggregate(format!("{}MSGSET", set.name), vec![versioned]));
            }
        });
    }
}

words! {
    /// `CHARTYPE`: characters a password is made of.
    pub enum CharType {
        /// Letters only.
        AlphaOnly = "ALPHAONLY",
        /// Digits only.
        NumericOnly = "NUMERICONLY",
        /// Letters or digits.
        AlphaOrNumeric = "ALPHAORNUMERIC",
        /// Letters and digits, at least one of each.
        AlphaAndNumeric = "ALPHAANDNUMERIC",
    }
}

words! {
    /// `PWTYPE`: what kind of password a realm has.
    pub enum PasswordType {
        /// The same until it is changed.
        Fixed = "FIXED",
        /// Another one each time.
        OneTime = "ONETIME",
        /// From a device.
        HardwareToken = "HWTOKEN",
    }
}

aggregate! {
    /// `SIGNONINFO`: how one signs on to a realm.
    #[doc(alias = "SIGNONINFO")]
    pub struct SignonInfo {
        /// `SIGNONREALM`.
        realm: String = "SIGNONREALM",
        /// `MIN`: shortest password.
        min: Option<u32> = "MIN",
        /// `MAX`: longest password.
        max: Option<u32> = "MAX",
        /// `CHARTYPE`.
        char_type: Option<CharType> = "CHARTYPE",
        /// `CASESEN`: whether case counts.
        case_sensitive: Option<bool> = "CASESEN",
        /// `SPECIAL`: whether special characters are allowed.
        special: Option<bool> = "SPECIAL",
        /// `SPACES`: whether blanks are allowed.
        spaces: Option<bool> = "SPACES",
        /// `PINCH`: whether the password can be changed over OFX.
        password_change: Option<bool> = "PINCH",
        /// `CHGPINFIRST`: whether it must be changed at the first signon.
        change_first: Option<bool> = "CHGPINFIRST",
        /// `PWTYPE`: what kind of password it is; some of 1.5.1 and 1.6.
        password_type: Option<PasswordType> = "PWTYPE",
        /// `USERCRED1LABEL`: asks for a further credential, by this text.
        user_cred1_label: Option<String> = "USERCRED1LABEL" if knows_mfa,
        /// `USERCRED2LABEL`.
        user_cred2_label: Option<String> = "USERCRED2LABEL" if knows_mfa,
        /// `CLIENTUIDREQ`: whether a `CLIENTUID` is required.
        client_uid_required: Option<bool> = "CLIENTUIDREQ" if knows_mfa,
        /// `AUTHTOKENFIRST`: whether the first signon needs a one-time token.
        auth_token_first: Option<bool> = "AUTHTOKENFIRST" if knows_mfa,
        /// `AUTHTOKENLABEL`: asks for the token, by this text.
        auth_token_label: Option<String> = "AUTHTOKENLABEL" if knows_mfa,
        /// `AUTHTOKENINFOURL`: a page that explains the token.
        auth_token_info_url: Option<String> = "AUTHTOKENINFOURL" if knows_mfa,
        /// `MFACHALLENGESUPT`: whether there are security questions.
        mfa_supported: Option<bool> = "MFACHALLENGESUPT" if knows_mfa,
        /// `MFACHALLENGEFIRST`: whether they come before anything else.
        mfa_first: Option<bool> = "MFACHALLENGEFIRST" if knows_mfa,
        /// `ACCESSTOKENREQ`: whether an access token is required. 2.2 up.
        access_token_required: Option<bool> = "ACCESSTOKENREQ" if since_220,
    }
}

impl SignonInfo {
    /// A realm with passwords of 4 to 32 letters or digits.
    #[must_use]
    pub fn new(realm: &str) -> Self {
        Self {
            realm: realm.to_owned(),
            min: Some(4),
            max: Some(32),
            char_type: Some(CharType::AlphaOrNumeric),
            case_sensitive: Some(true),
            special: Some(true),
            spaces: Some(false),
            password_change: Some(false),
            change_first: Some(false),
            password_type: None,
            user_cred1_label: None,
            user_cred2_label: None,
            client_uid_required: None,
            auth_token_first: None,
            auth_token_label: None,
            auth_token_info_url: None,
            mfa_supported: None,
            mfa_first: None,
            access_token_required: None,
        }
    }
}
