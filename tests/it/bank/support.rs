//! Requests as a client would send them, made of plain elements so that the crate's own writers are not what is tested.

use chrono::NaiveDate;
use ofx_session::ofx::{
    AccountType, BankAccount, Document, Element, FileUid, Header, Limits, Payee, Payment, Style, SyncMode, Version,
};
use ofx_session::testing::{AccessKeys, Bank, BankBuilder, BankModel, Endpoint, HttpRefusal};
use rust_decimal::Decimal;

pub(super) const ANONYMOUS: &str = "anonymous00000000000000000000000";

/// Two questions, keys once, one user, a history of payments.
pub(super) fn questioning() -> BankBuilder {
    Bank::builder()
        .sync_mode(SyncMode::Full)
        .user("jane", "correct horse")
        .question("MFA16", None, "Garcia")
        .question("BRQ7", Some("In which town did you open this account?"), "Newport")
        .access_keys(AccessKeys::Once)
}

/// No questions, two users, a history of payments.
pub(super) fn easy() -> BankBuilder {
    Bank::builder().sync_mode(SyncMode::Full).user("jane", "correct horse").user("joe", "battery staple")
}

/// A request file in the making.
#[derive(Clone)]
pub(super) struct Ask {
    pub(super) version: Version,
    pub(super) old: &'static str,
    pub(super) uid: String,
    pub(super) user: (&'static str, &'static str),
    /// Behind id and password.
    pub(super) in_place: Vec<Element>,
    pub(super) before_app: Vec<Element>,
    pub(super) behind_app: Vec<Element>,
    pub(super) signon_set: Vec<Element>,
    pub(super) sets: Vec<Element>,
}

impl Ask {
    pub(super) fn new(version: Version) -> Self {
        Self {
            version,
            old: "NONE",
            uid: "file-1".to_owned(),
            user: ("jane", "correct horse"),
            in_place: Vec::new(),
            before_app: Vec::new(),
            behind_app: Vec::new(),
            signon_set: Vec::new(),
            sets: Vec::new(),
        }
    }

    pub(super) fn user(mut self, user_id: &'static str, password: &'static str) -> Self {
        self.user = (user_id, password);
        self
    }

    /// Signs on with `USERKEY` or `ACCESSTOKEN`.
    pub(super) fn stand_in(self, tag: &'static str, value: &str) -> Self {
        self.user(tag, value.to_owned().leak())
    }

    /// Changes the password, too.
    pub(super) fn new_password(mut self, trn_uid: &str, user_id: &str, password: &str) -> Self {
        let request = format!("<PINCHRQ><USERID>{user_id}</USERID><NEWUSERPASS>{password}</NEWUSERPASS></PINCHRQ>");
        self.signon_set.push(tree(&trn("PINCHTRNRQ", trn_uid, &request)));
        self
    }

    pub(super) fn anonymous(self) -> Self {
        self.user(ANONYMOUS, ANONYMOUS)
    }

    pub(super) fn uids(mut self, old: &'static str, uid: &str) -> Self {
        (self.old, self.uid) = (old, uid.to_owned());
        self
    }

    pub(super) fn key(self, key: &str) -> Self {
        self.behind(Element::leaf("ACCESSKEY", key))
    }

    pub(super) fn behind(mut self, element: Element) -> Self {
        self.behind_app.push(element);
        self
    }

    pub(super) fn before(mut self, element: Element) -> Self {
        self.before_app.push(element);
        self
    }

    pub(super) fn answers(mut self, answers: &[(&str, &str)]) -> Self {
        self.behind_app.extend(answers.iter().map(|(id, answer)| {
            let inside = vec![Element::leaf("MFAPHRASEID", *id), Element::leaf("MFAPHRASEA", *answer)];
            Element::aggregate("MFACHALLENGEANSWER", inside)
        }));
        self
    }

    pub(super) fn right_answers(self) -> Self {
        self.answers(&[("MFA16", "Garcia"), ("BRQ7", "Newport")])
    }

    pub(super) fn questions(mut self, trn_uid: &str) -> Self {
        let request = Element::aggregate("MFACHALLENGERQ", vec![Element::leaf("DTCLIENT", "20260105093000")]);
        self.signon_set.push(wrap("MFACHALLENGETRNRQ", trn_uid, request));
        self
    }

    pub(super) fn profile(self, known: &str) -> Self {
        let request = vec![Element::leaf("CLIENTROUTING", "MSGSET"), Element::leaf("DTPROFUP", known.to_owned())];
        let request = wrap("PROFTRNRQ", &format!("prof-{known}"), Element::aggregate("PROFRQ", request));
        self.set("PROFMSGSRQV1", vec![request])
    }

    pub(super) fn accounts(self, known: &str) -> Self {
        let request = Element::aggregate("ACCTINFORQ", vec![Element::leaf("DTACCTUP", known.to_owned())]);
        self.set("SIGNUPMSGSRQV1", vec![wrap("ACCTINFOTRNRQ", &format!("acct-{known}"), request)])
    }

    pub(super) fn pay(self, trn_uid: &str, pay: Pay) -> Self {
        self.set("BILLPAYMSGSRQV1", vec![pay.wrapped(trn_uid)])
    }

    /// What is newer than `token`, with payments enclosed that are only made if nothing is.
    pub(super) fn sync(self, token: &str, enclosed: Vec<Element>) -> Self {
        self.set("BILLPAYMSGSRQV1", vec![frame(Element::leaf("TOKEN", token), "Y", "1000001", enclosed)])
    }

    pub(super) fn set(mut self, tag: &'static str, transactions: Vec<Element>) -> Self {
        self.sets.push(Element::aggregate(tag, transactions));
        self
    }

    /// A bill-payment set, given as the text inside of it.
    pub(super) fn bill(mut self, text: &str) -> Self {
        self.sets.push(tree(&format!("<BILLPAYMSGSRQV1>{text}</BILLPAYMSGSRQV1>")));
        self
    }

    /// A sign-up set, given as the text inside of it.
    pub(super) fn signup(mut self, text: &str) -> Self {
        self.sets.push(tree(&format!("<SIGNUPMSGSRQV1>{text}</SIGNUPMSGSRQV1>")));
        self
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let leaf = Element::leaf;
        let mut signon = vec![leaf("DTCLIENT", "20260105093000")];
        match self.user {
            (tag @ ("USERKEY" | "ACCESSTOKEN"), value) => signon.push(leaf(tag, value)),
            (user_id, password) => signon.extend([leaf("USERID", user_id), leaf("USERPASS", password)]),
        }
        signon.extend(self.in_place.iter().cloned());
        signon.push(leaf("LANGUAGE", "ENG"));
        signon.extend(self.before_app.iter().cloned());
        signon.extend([leaf("APPID", "QWIN"), leaf("APPVER", "2700")]);
        signon.extend(self.behind_app.iter().cloned());
        let mut signon_set = vec![Element::aggregate("SONRQ", signon)];
        signon_set.extend(self.signon_set.iter().cloned());
        let mut all = vec![Element::aggregate("SIGNONMSGSRQV1", signon_set)];
        all.extend(self.sets.iter().cloned());
        let header = Header::new(self.version).file_uids(FileUid::new(self.old), FileUid::new(self.uid.as_str()));
        Document::new(header, Element::aggregate("OFX", all)).encode(&Style::new()).unwrap().to_vec()
    }

    pub(super) fn send(&self, bank: &mut BankModel) -> Answer {
        self.try_send(bank, Endpoint::Main).unwrap()
    }

    pub(super) fn try_send(&self, bank: &mut BankModel, endpoint: Endpoint) -> Result<Answer, HttpRefusal> {
        bank.answer(endpoint, &self.bytes()).map(|bytes| Answer::read(&bytes))
    }
}

pub(super) fn wrap(tag: &'static str, trn_uid: &str, request: Element) -> Element {
    Element::aggregate(tag, vec![Element::leaf("TRNUID", trn_uid), request])
}

/// An element, given as text with its tags closed.
pub(super) fn tree(text: &str) -> Element {
    Element::from_markup(text).unwrap()
}

/// A wrapper as text, named for its `TRNUID`.
pub(super) fn trn(tag: &str, trn_uid: &str, request: &str) -> String {
    format!("<{tag}><TRNUID>{trn_uid}</TRNUID>{request}</{tag}>")
}

/// A synchronization frame without an account as text: what is newer than `token`, and what is enclosed if nothing is.
pub(super) fn framed(tag: &str, token: &str, more: &str) -> String {
    format!("<{tag}><TOKEN>{token}</TOKEN><REJECTIFMISSING>Y</REJECTIFMISSING>{more}</{tag}>")
}

/// The account that bills are paid from, as text.
pub(super) const FROM: &str =
    "<BANKACCTFROM><BANKID>999888777</BANKID><ACCTID>1000001</ACCTID><ACCTTYPE>CHECKING</ACCTTYPE></BANKACCTFROM>";

/// A payee as text.
pub(super) fn payee(name: &str, city: &str) -> String {
    format!(
        "<PAYEE><NAME>{name}</NAME><ADDR1>14 Quay Street</ADDR1><CITY>{city}</CITY><STATE>RI</STATE>\
         <POSTALCODE>02840</POSTALCODE><PHONE>401-555-0142</PHONE></PAYEE>"
    )
}

/// A `PMTSYNCRQ`.
pub(super) fn frame(from: Element, reject: &str, account: &'static str, enclosed: Vec<Element>) -> Element {
    let mut inside = vec![from, Element::leaf("REJECTIFMISSING", reject), from_account(account)];
    inside.extend(enclosed);
    Element::aggregate("PMTSYNCRQ", inside)
}

fn from_account(account: &'static str) -> Element {
    let leaf = Element::leaf;
    let kind = if account == "1000002" { "SAVINGS" } else { "CHECKING" };
    Element::aggregate(
        "BANKACCTFROM",
        vec![leaf("BANKID", "999888777"), leaf("ACCTID", account), leaf("ACCTTYPE", kind)],
    )
}

/// A payment that is no request yet, as another client would make it.
pub(super) fn typed(memo: &str) -> Payment {
    let payee = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    let from = BankAccount::new("999888777", "1000001", AccountType::Checking);
    Payment::new(from, Decimal::new(1250, 2), payee, "88-204-117", day("20260123")).memo(memo)
}

/// A payment in the making: what a default bank accepts, unless something is put in its place.
#[derive(Clone)]
pub(super) struct Pay {
    pub(super) account: &'static str,
    pub(super) amount: &'static str,
    pub(super) payee: Element,
    pub(super) list_id: Option<String>,
    pub(super) due: &'static str,
}

impl Pay {
    pub(super) fn new() -> Self {
        let leaf = Element::leaf;
        let lines = [("NAME", "Harbor & Sons"), ("ADDR1", "14 Quay Street"), ("CITY", "Newport"), ("STATE", "RI")];
        let mut lines: Vec<_> = lines.into_iter().map(|(tag, value)| leaf(tag, value)).collect();
        lines.extend([leaf("POSTALCODE", "02840"), leaf("PHONE", "401-555-0142")]);
        let payee = Element::aggregate("PAYEE", lines);
        Self { account: "1000001", amount: "84.20", payee, list_id: None, due: "20260123" }
    }

    pub(super) fn payee_id(mut self, id: &str) -> Self {
        self.payee = Element::leaf("PAYEEID", id);
        self
    }

    pub(super) fn wrapped(&self, trn_uid: &str) -> Element {
        wrap("PMTTRNRQ", trn_uid, Element::aggregate("PMTRQ", vec![self.info()]))
    }

    pub(super) fn info(&self) -> Element {
        let leaf = Element::leaf;
        let mut info = vec![from_account(self.account), leaf("TRNAMT", self.amount), self.payee.clone()];
        info.extend(self.list_id.iter().map(|id| leaf("PAYEELSTID", id)));
        info.extend([leaf("PAYACCT", "88-204-117"), leaf("DTDUE", self.due)]);
        Element::aggregate("PMTINFO", info)
    }
}

pub(super) struct Answer(pub(super) Document);

impl Answer {
    pub(super) fn read(bytes: &[u8]) -> Self {
        Self(Document::decode(bytes, &Limits::new()).unwrap())
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.0.root().find(path).is_some()
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.0.root().find(path).and_then(Element::text)
    }

    /// The status of the signon.
    pub(super) fn signon(&self) -> &str {
        self.text("SIGNONMSGSRSV1/SONRS/STATUS/CODE").unwrap()
    }

    pub(super) fn key(&self) -> Option<&str> {
        self.text("SIGNONMSGSRSV1/SONRS/ACCESSKEY")
    }

    pub(super) fn account_status(&self) -> Option<&str> {
        self.text("SIGNUPMSGSRSV1/ACCTINFOTRNRS/STATUS/CODE")
    }

    pub(super) fn payment_status(&self) -> Option<&str> {
        self.text("BILLPAYMSGSRSV1/PMTTRNRS/STATUS/CODE")
    }

    /// What stands at a path in the bill-payment set.
    pub(super) fn bill(&self, path: &str) -> Option<&str> {
        self.text(&format!("BILLPAYMSGSRSV1/{path}"))
    }

    /// What stands at a path in the sign-up set.
    pub(super) fn signup(&self, path: &str) -> Option<&str> {
        self.text(&format!("SIGNUPMSGSRSV1/{path}"))
    }

    /// The first frame under this tag.
    pub(super) fn sync(&self, set: &str, tag: &str) -> Frame<'_> {
        Frame(self.0.root().find(&format!("{set}MSGSRSV1/{tag}")).unwrap())
    }

    /// The one synchronization frame.
    pub(super) fn frame(&self) -> &Element {
        self.0.root().find("BILLPAYMSGSRSV1/PMTSYNCRS").unwrap()
    }

    pub(super) fn token(&self) -> &str {
        self.frame().value("TOKEN").unwrap()
    }

    /// Each `TRNUID` in the frame with its status.
    pub(super) fn framed(&self) -> Vec<(&str, &str)> {
        let replies = self.frame().children_named("PMTTRNRS");
        replies.map(|one| (one.value("TRNUID").unwrap(), one.find("STATUS/CODE").unwrap().text().unwrap())).collect()
    }

    pub(super) fn payment(&self, path: &str) -> Option<&str> {
        self.text(&format!("BILLPAYMSGSRSV1/PMTTRNRS/PMTRS/{path}"))
    }
}

/// An answered synchronization frame.
pub(super) struct Frame<'a>(pub(super) &'a Element);

impl Frame<'_> {
    pub(super) fn token(&self) -> &str {
        self.0.value("TOKEN").unwrap()
    }

    /// Each transaction: `TRNUID`, status, and the tag of the response.
    pub(super) fn told(&self) -> Vec<(&str, &str, &str)> {
        let all = self.0.children().iter().filter(|child| child.tag().ends_with("TRNRS"));
        fn tag(one: &Element) -> &str {
            one.children().iter().map(Element::tag).find(|tag| tag.ends_with("RS")).unwrap_or_default()
        }
        all.map(|one| (one.value("TRNUID").unwrap(), one.find("STATUS/CODE").unwrap().text().unwrap(), tag(one)))
            .collect()
    }

    /// What stands at a path in the transaction at a place.
    pub(super) fn text(&self, at: usize, path: &str) -> Option<&str> {
        let mut all = self.0.children().iter().filter(|child| child.tag().ends_with("TRNRS"));
        all.nth(at)?.find(path)?.text()
    }
}

pub(super) fn day(text: &str) -> NaiveDate {
    NaiveDate::parse_from_str(text, "%Y%m%d").unwrap()
}
