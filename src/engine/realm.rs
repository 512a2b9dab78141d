//! Signon realms: what an institution gives a user at a signon counts in the realm of the message set, and goes nowhere else.
//! OFX 1.0.3 §7.1, OFX 2.3 §7.1.
//!
//! The **home** realm is that of the message set `SIGNON`. It is the only one where no profile is known, where that has one `SIGNONINFO`,
//! and for what names no realm. The others are kept beside it, by a digest of their names. As long as there is a profile, it says which
//! message set belongs to which; what is noted of that counts in a state that was stored without one.
//!
//! Where all realms have the same, as behind one server, only the home realm's is stored. A state that was stored before realms were told
//! apart looks like that, too.

use sha2::{Digest as _, Sha256};

use crate::engine::{Held, State, TaskKind, UserKey};
use crate::error::StatusCode;
use crate::ofx::{Profile, SignonResponse};
use crate::secret::Secret;

/// What a user has in one signon realm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Realm {
    pub(crate) access_key: Option<Secret>,
    pub(crate) session_cookie: Option<Secret>,
    /// A challenge was passed in this session, so `MFACHALLENGEFIRST` is satisfied. Not stored.
    pub(crate) challenged: bool,
    /// The key that a challenge ended in this session. Not stored.
    pub(crate) ended_key: Option<Secret>,
}

/// A realm that is not the home realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherRealm {
    /// The first bytes of SHA-256 of its name, which may be of any length.
    pub(crate) name: [u8; 8],
    /// Its message sets, as they are [numbered](SETS).
    pub(crate) sets: u8,
    pub(crate) realm: Realm,
}

impl State {
    /// What the user has in the realm of a message set.
    pub(crate) fn realm(&self, set: &str) -> &Realm {
        let Some(name) = self.other_realm(set) else { return &self.home };
        self.others.iter().find(|other| other.name == name).map_or(&self.same, |other| &other.realm)
    }

    /// As [`realm`](Self::realm), to note something there.
    pub(crate) fn realm_mut(&mut self, set: &str) -> &mut Realm {
        let Some(name) = self.other_realm(set) else { return &mut self.home };
        if !self.others.iter().any(|other| other.name == name) {
            if self.others.len() >= MOST_REALMS {
                self.others.remove(0);
            }
            self.others.push(OtherRealm { name, sets: 0, realm: self.same.clone() });
        }
        let other = self.others.iter_mut().find(|other| other.name == name);
        other.map_or(&mut self.home, |other| &mut other.realm)
    }

    /// Whether a message set belongs to the home realm.
    pub(crate) fn is_home(&self, set: &str) -> bool {
        self.other_realm(set).is_none()
    }

    /// Whether what is given in the realm of one message set counts for the other.
    pub(crate) fn share_realm(&self, one: &str, other: &str) -> bool {
        self.other_realm(one) == self.other_realm(other)
    }

    /// Whether any message set belongs to another realm than the home realm.
    pub(crate) fn has_other_realms(&self) -> bool {
        SETS.iter().any(|(_, set)| !self.is_home(set))
    }

    /// Takes what every signon response may bring, into the realm of the message set. A challenge ends the life of the access key that the
    /// request carried, which must not be sent again. OFX 1.0.3 §2.5.4. The answer to an anonymous signon has no key of the user's, and
    /// one that the institution may have saved and given again, `saved`, none that was ended since.
    pub(crate) fn absorb(&mut self, signon: &SignonResponse, kind: TaskKind, saved: bool) {
        let anonymous = self.is_anonymous(kind);
        let is_home = self.is_home(kind.message_set());
        let is_challenge = matches!(signon.status.code, StatusCode::MFA_REQUIRED | StatusCode::MFA_WRONG);
        // Longer than the specification allows is not kept: state must fit into a blob.
        let fits = |secret: &&Secret| secret.expose().chars().count() <= LONGEST_KEY;
        let realm = self.realm_mut(kind.message_set());
        if let Some(cookie) = signon.session_cookie.as_ref().filter(fits) {
            realm.session_cookie = Some(cookie.clone());
        }
        if !anonymous {
            if let Some(ended) = realm.access_key.take_if(|_| is_challenge) {
                realm.ended_key = Some(ended);
            }
            let is_ended = |key: &Secret| (is_challenge || saved) && Some(key) == realm.ended_key.as_ref();
            if let Some(key) = signon.access_key.as_ref().filter(fits).filter(|key| !is_ended(key)) {
                realm.access_key = Some(key.clone());
            }
        }
        let short = |key: &&Secret| key.expose().chars().count() <= LONGEST_USER_KEY;
        // Of a refused signon nobody knows whose it is.
        if let Some(key) =
            signon.user_key.as_ref().filter(short).filter(|_| signon.is_accepted() && !anonymous && is_home)
        {
            let expires = signon.user_key_expires.clone().filter(|until| until.as_str().len() <= LONGEST_STAMP);
            self.user_key = Some(UserKey { key: key.clone(), expires });
        }
        if !anonymous {
            self.password_change_due |= is_home && signon.status.code == StatusCode::PASSWORD_CHANGE_REQUIRED;
            self.recognized |= signon.is_accepted() || is_challenge;
        }
        self.heed_announced(signon);
    }

    /// Takes another profile, with realms that nothing was ever given in, and perhaps another home.
    pub(crate) fn take_profile(&mut self, profile: Profile) {
        let home = |profile: &Profile| realm_of(profile, "SIGNON").map(digest);
        let before = self.profile().and_then(home);
        // The only one there is stays what it is, by whichever name.
        let tells_apart = self.has_other_realms() || SETS.iter().any(|(_, set)| name_of_other(&profile, set).is_some());
        self.others = self.other_realms();
        self.same = Realm::default();
        if let (Some(before), Some(after)) = (before, home(&profile))
            && before != after
            && tells_apart
        {
            let moved = self.others.iter().position(|other| other.name == after);
            let moved = moved.map(|at| self.others.swap_remove(at).realm).unwrap_or_default();
            let realm = std::mem::replace(&mut self.home, moved);
            self.others.push(OtherRealm { name: before, sets: 0, realm });
        }
        self.profile = Some(Held::new("PROFRS", profile));
    }

    /// Whether the other realms have what the home realm has, and it need not be stored for each. Where there is no profile to tell them
    /// apart later, that they have nothing is stored: what one is given then must not go to the others.
    pub(crate) fn have_the_same(&self, others: &[OtherRealm], with_profile: bool) -> bool {
        let home = (&self.home.access_key, &self.home.session_cookie);
        let same = others.iter().all(|OtherRealm { realm, .. }| (&realm.access_key, &realm.session_cookie) == home);
        same && (with_profile || others.is_empty() || home != (&None, &None))
    }

    /// The other realms as they are stored: those that have message sets. A profile that nobody has looked at since it was restored
    /// stays unread, because nothing can have changed.
    pub(crate) fn other_realms(&self) -> Vec<OtherRealm> {
        let Some(profile) = self.profile.as_ref().and_then(Held::already_read) else { return self.others.clone() };
        let mut found: Vec<OtherRealm> = Vec::new();
        for (number, set) in SETS {
            let Some(name) = name_of_other(profile, set) else { continue };
            if let Some(known) = found.iter_mut().find(|other| other.name == name) {
                known.sets |= number;
            } else {
                found.push(OtherRealm { name, sets: number, realm: self.realm(set).clone() });
            }
        }
        found
    }

    /// The digest of a realm's name; `None` for the home realm.
    fn other_realm(&self, set: &str) -> Option<[u8; 8]> {
        match self.profile() {
            Some(profile) => name_of_other(profile, set),
            None => {
                let (number, _) = SETS.into_iter().find(|(_, known)| *known == set)?;
                self.others.iter().find(|other| other.sets & number != 0).map(|other| other.name)
            }
        }
    }
}

fn name_of_other(profile: &Profile, set: &str) -> Option<[u8; 8]> {
    if matches!(profile.signon.as_slice(), [_]) {
        return None;
    }
    let (home, own) = (realm_of(profile, "SIGNON")?, realm_of(profile, set)?);
    (own != home).then(|| digest(own))
}

fn realm_of<'a>(profile: &'a Profile, set: &str) -> Option<&'a str> {
    profile.message_set(set).and_then(|set| set.core.realm.as_deref())
}

fn digest(name: &str) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(Sha256::digest(name)).for_each(|(to, from)| *to = from);
    bytes
}

/// `ACCESSKEY` and `SESSCOOKIE` have 1000 characters at most.
const LONGEST_KEY: usize = 1000;

/// `USERKEY` has 64.
const LONGEST_USER_KEY: usize = 64;

/// More bytes than any date has, with its zone.
const LONGEST_STAMP: usize = 64;

/// The message sets of this crate's requests, apart from `SIGNON`, with their numbers in stored state. Frozen.
const SETS: [(u8, &str); 3] = [(1, "PROF"), (2, "SIGNUP"), (4, "BILLPAY")];

/// More than there are message sets: of the others, which the newest profile does not name, none is stored.
pub(crate) const MOST_REALMS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Application, Institution};
    use crate::ofx::{MessageSet, MessageSetCore, MessageSetDetails, SignonInfo, Stamp, SyncMode};

    /// A message set and the realm that it names, if it does.
    type Set<'a> = (&'a str, Option<&'a str>);

    fn profile(sets: &[Set<'_>], infos: &[&str]) -> Profile {
        let set = |(name, realm): &Set<'_>| {
            let mut core = MessageSetCore::new("https://ofx.bank.example/ofx", "", SyncMode::Lite, false);
            core.realm = realm.map(str::to_owned);
            MessageSet::new(name, core, MessageSetDetails::None)
        };
        let infos = infos.iter().map(|realm| SignonInfo::new(realm)).collect();
        Profile::new(Stamp::oldest(), sets.iter().map(set).collect(), infos)
    }

    fn state(sets: &[Set<'_>], infos: &[&str]) -> State {
        let institution = Institution::new("https://ofx.bank.example/ofx");
        let mut state = State::new(institution, Application::new("QWIN", "2700"), "uid");
        state.profile = Some(Held::new("PROFRS", profile(sets, infos)));
        state
    }

    #[test]
    fn what_names_no_realm_of_its_own_is_at_home() {
        let two = ["A", "B"];
        let cases: [(&[Set<'_>], &[&str], bool); 6] = [
            (&[("SIGNON", Some("A")), ("BILLPAY", Some("B"))], &two, false),
            (&[("SIGNON", Some("A")), ("BILLPAY", Some("A"))], &two, true),
            (&[("SIGNON", Some("A")), ("BILLPAY", None)], &two, true),
            (&[("SIGNON", Some("A"))], &two, true),
            (&[("SIGNON", None), ("BILLPAY", Some("B"))], &two, true),
            (&[("SIGNON", Some("A")), ("BILLPAY", Some("B"))], &["A"], true),
        ];
        for (sets, infos, home) in cases {
            let state = state(sets, infos);
            assert_eq!((state.is_home("BILLPAY"), state.has_other_realms()), (home, !home), "{sets:?} {infos:?}");
            assert_eq!(state.other_realms().len(), usize::from(!home), "{sets:?} {infos:?}");
        }
    }

    #[test]
    fn two_sets_of_one_realm_are_one_and_are_known_without_the_profile() {
        let sets = [("SIGNON", Some("A")), ("SIGNUP", Some("B")), ("BILLPAY", Some("B"))];
        let mut state = state(&sets, &["A", "B"]);
        state.realm_mut("SIGNUP").access_key = Some(Secret::new("key"));
        assert_eq!(state.realm("BILLPAY").access_key, Some(Secret::new("key")));
        state.others = state.other_realms();
        state.profile = None;
        assert!(state.share_realm("SIGNUP", "BILLPAY") && !state.share_realm("SIGNUP", "SIGNON"));
        assert_eq!(state.realm("BILLPAY").access_key, Some(Secret::new("key")));
    }

    /// As it is stored where all have the same, and was before realms were told apart.
    #[test]
    fn what_all_realms_have_counts_in_those_of_the_profile_and_in_no_later_one() {
        let two = [("SIGNON", Some("A")), ("BILLPAY", Some("B"))];
        let mut known = state(&two, &["A", "B"]);
        known.home.access_key = Some(Secret::new("key"));
        known.same = known.home.clone();
        assert!(known.have_the_same(&known.other_realms(), false));

        let mut ended = known.clone();
        ended.realm_mut("BILLPAY").access_key = None;
        assert_eq!(ended.home.access_key, Some(Secret::new("key")), "it is the other realm's that ended");
        assert!(!ended.have_the_same(&ended.other_realms(), true));

        known.take_profile(profile(&[("SIGNON", Some("A")), ("BILLPAY", Some("C"))], &["A", "C"]));
        assert_eq!(known.realm("BILLPAY"), &Realm::default());
        known.take_profile(profile(&two, &["A", "B"]));
        assert_eq!(known.realm("BILLPAY").access_key, None, "what no set belonged to for a while is forgotten");
    }

    /// Its keys go with a realm, whichever is home.
    #[test]
    fn a_realm_that_becomes_home_keeps_what_is_its_own() {
        let two = ["A", "B"];
        let mut state = state(&[("SIGNON", Some("A")), ("BILLPAY", Some("B"))], &two);
        state.realm_mut("SIGNON").access_key = Some(Secret::new("of A"));
        state.realm_mut("BILLPAY").access_key = Some(Secret::new("of B"));
        let key = |state: &State, set| state.realm(set).access_key.as_ref().map(|key| key.expose().to_owned());
        state.take_profile(profile(&[("SIGNON", Some("B")), ("BILLPAY", Some("A"))], &two));
        assert_eq!(key(&state, "SIGNON").as_deref(), Some("of B"));
        assert_eq!(key(&state, "BILLPAY").as_deref(), Some("of A"));
        state.take_profile(profile(&[("SIGNON", Some("C")), ("BILLPAY", Some("A"))], &["A", "C"]));
        assert_eq!((key(&state, "SIGNON"), key(&state, "BILLPAY").as_deref()), (None, Some("of A")));

        let mut state = self::state(&[("SIGNON", Some("A"))], &["A"]);
        state.home.access_key = Some(Secret::new("of A"));
        state.take_profile(profile(&[("SIGNON", Some("a"))], &["a"]));
        assert_eq!(key(&state, "SIGNON").as_deref(), Some("of A"), "another name for the same");
    }

    /// Without a profile, what is given to one later must not be taken for what all have.
    #[test]
    fn that_no_realm_has_anything_is_the_same_only_as_long_as_there_is_a_profile() {
        let state = state(&[("SIGNON", Some("A")), ("BILLPAY", Some("B"))], &["A", "B"]);
        let others = state.other_realms();
        assert!(state.have_the_same(&others, true) && !state.have_the_same(&others, false));
    }

    #[test]
    fn an_institution_that_changes_its_realms_fills_no_memory() {
        let mut state = state(&[], &[]);
        for number in 0..50 {
            let name = format!("{number}");
            let sets = [("SIGNON", Some("A")), ("BILLPAY", Some(name.as_str()))];
            state.profile = self::state(&sets, &["A", &name]).profile;
            assert_eq!(state.realm("BILLPAY"), &Realm::default(), "the key of another realm is none of this one");
            state.realm_mut("BILLPAY").access_key = Some(Secret::new("key"));
            assert!(state.others.len() <= MOST_REALMS && state.other_realms().len() == 1);
        }
    }
}
