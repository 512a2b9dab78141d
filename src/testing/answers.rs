//! File-based recovery: answers that are kept until the client has them. OFX 1.0.3 §2.2.7 and §6.10.

use serde::{Deserialize, Serialize};

use crate::ofx::{Document, Element, FileUid, Limits};
use crate::testing::facts::Fact;
use crate::testing::file::RequestFile;
use crate::testing::{BankModel, HttpRefusal, digest};

/// An answer that can be had again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SavedAnswer {
    #[serde(with = "uid")]
    pub(super) uid: FileUid,
    /// A mark of the answer, without what the state does not depend on.
    pub(super) answer: u64,
    pub(super) bytes: Vec<u8>,
}

impl BankModel {
    /// The saved answer, when the client says that it never got it.
    pub(super) fn recovered(&mut self, name: &str, file: &RequestFile) -> Result<Option<Vec<u8>>, HttpRefusal> {
        if !self.settings.file_recovery || file.old_uid.is_none() {
            return Ok(None);
        }
        let Some(user) = self.users.get(name) else { return Ok(None) };
        let other = user.files.get(file.new_uid.as_str()).is_some_and(|known| *known != request_mark(file));
        let saved = user.saved.iter().find(|saved| saved.uid == file.new_uid).cloned();
        if other {
            self.violation("a file was repeated under its NEWFILEUID with other transactions in it");
        }
        let Some(saved) = saved else { return Ok(None) };
        if other {
            return Err(HttpRefusal::bad("this is not the file that was sent under its NEWFILEUID before"));
        }
        Ok(Some(saved.bytes))
    }

    /// Throws away what the client has by now, and what the institution may; keeps the answer if the client may want it.
    pub(super) fn keep_answer(&mut self, name: &str, file: &RequestFile, bytes: &[u8]) {
        let purges = self.settings.promises.purges_saved_answers && !file.asks_questions();
        if !self.settings.file_recovery {
            return;
        }
        self.forget(name, |saved| purges || saved.uid == file.old_uid || saved.uid == file.new_uid);
        if !file.old_uid.is_none() && !file.changes_password() {
            let answer = Document::decode(bytes, &Limits::new()).map_or(0, |document| digest::mark(document.root()));
            self.filed(name, file.new_uid.as_str(), request_mark(file));
            let saved = SavedAnswer { uid: file.new_uid.clone(), answer, bytes: bytes.to_owned() };
            self.note(|| Fact::Saved(name.to_owned(), saved.clone()));
            self.user_mut(name).into_iter().for_each(|user| user.saved.push(saved.clone()));
        }
    }

    /// Notes what a file asked for.
    pub(super) fn filed(&mut self, name: &str, uid: &str, mark: u64) {
        if let Some(user) = self.user_mut(name) {
            user.files.insert(uid.to_owned(), mark);
            self.note(|| Fact::Filed(name.to_owned(), uid.to_owned(), mark));
        }
    }

    /// Throws saved answers away.
    pub(super) fn forget(&mut self, name: &str, is_over: impl Fn(&SavedAnswer) -> bool) {
        let saved = self.users.get(name).map(|user| user.saved.as_slice()).unwrap_or_default();
        let over: Vec<FileUid> = saved.iter().filter(|saved| is_over(saved)).map(|saved| saved.uid.clone()).collect();
        for uid in over {
            self.note(|| Fact::Forgotten(name.to_owned(), uid.to_string()));
            self.user_mut(name).into_iter().for_each(|user| user.saved.retain(|saved| saved.uid != uid));
        }
    }

    /// Who is told that there is no file-based recovery must not ask for it.
    pub(super) fn watch_file_uids(&mut self, file: &RequestFile) {
        if !self.settings.file_recovery && !file.old_uid.is_none() {
            self.violation("OLDFILEUID is not NONE although the profile says RESPFILEER N");
        }
        if file.changes_password() && !file.old_uid.is_none() {
            self.violation("a password change stands in a file that can be recovered");
        }
    }
}

/// The same for files that ask for the same, whoever signs on.
fn request_mark(file: &RequestFile) -> u64 {
    let transactions = file.transactions().map(|transaction| transaction.element.clone()).collect();
    digest::exact(&Element::aggregate("OFX", transactions))
}

/// A file id as text.
mod uid {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::ofx::FileUid;

    pub(super) fn serialize<S: Serializer>(uid: &FileUid, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(uid.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FileUid, D::Error> {
        String::deserialize(deserializer).map(FileUid::new)
    }
}
