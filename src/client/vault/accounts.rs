//! The account list of a vault, which takes the same profile and may ask the same questions as a payment.

use crate::client::vault::Vault;
use crate::client::vault::desk::{LISTING, Open};
use crate::client::vault::flow::{MOST_TURNS, NOT_ASKED, OTHER_KIND, contended, its_user};
use crate::client::vault::patience::Effort;
use crate::client::{Completed, Progress, driver};
use crate::engine::{Answers, Credentials, Intent, Situation};
use crate::error::{Error, Moved};
use crate::ofx::AccountInfo;

impl Vault {
    /// Fetches the account list, unless the known one is up to date. OFX 1.0.3 §8.5, OFX 2.3 §8.5.
    ///
    /// # Errors
    ///
    /// As [`pay`](Self::pay), and no money moves.
    ///
    /// # Resuming
    ///
    /// Safe to repeat at any point. Questions are asked again until [`answer_accounts`](Self::answer_accounts) is called.
    pub async fn accounts(&self, credentials: Credentials) -> Result<Progress<Vec<AccountInfo>>, Error> {
        self.list(None, credentials).await
    }

    /// Answers the questions that the account list waits for, and goes on with it.
    ///
    /// # Errors
    ///
    /// As [`accounts`](Self::accounts); `Misuse` when a question has no answer or an answer no question, or nothing was asked.
    pub async fn answer_accounts(
        &self,
        answers: Answers,
        credentials: Credentials,
    ) -> Result<Progress<Vec<AccountInfo>>, Error> {
        self.list(Some(&answers), credentials).await
    }

    /// Fetches the account list, or goes on with that.
    async fn list(
        &self,
        answers: Option<&Answers>,
        mut credentials: Credentials,
    ) -> Result<Progress<Vec<AccountInfo>>, Error> {
        for _ in 0..MOST_TURNS {
            let nothing = |error: Error| error.with_moved(Moved::No);
            let (mut desk, state) = self.desk().await.map_err(nothing)?;
            its_user(&state, &credentials).map_err(nothing)?;
            self.serves(&state).map_err(nothing)?;
            let now = self.world.now();
            let kept = desk.open(LISTING).map(|open| (open.operation.clone(), open.operation.situation(&state, now)));
            let operation = match (kept, answers) {
                (Some((_, Situation::AwaitingAnswers(challenge))), None) => return Ok(Progress::Ask(challenge)),
                (Some((operation, Situation::AwaitingAnswers(_))), Some(answers)) => {
                    Some(operation.handle_answer(&state, answers, now).map_err(|error| nothing(error.into()))?.0)
                }
                (Some((operation, Situation::Ready)), _) => Some(operation),
                (Some((operation, Situation::AwaitingApproval(_))), None) => Some(operation.after_approval(&state)),
                (_, Some(_)) => return Err(Error::misuse(NOT_ASKED)),
                (_, None) => None,
            };
            self.free(&desk, &state, LISTING, now).map_err(nothing)?;
            if !self.claim(&mut desk, &state, LISTING, Effort::Ahead).await.map_err(nothing)? {
                continue;
            }
            let mut client = self.client(state);
            let operation = match operation {
                Some(operation) => operation,
                None => self.started(&mut desk, &mut client, &mut credentials, Intent::Accounts).await?,
            };
            let user = credentials.user_id().map(str::to_owned);
            let open = Open { id: LISTING.to_owned(), digest: [0; 32], user, operation };
            let progress = self.work(desk, &mut client, open, &mut credentials, 0).await?;
            return progress.try_map(Completed::accounts).ok_or_else(|| driver::bug(OTHER_KIND));
        }
        Err(contended(Moved::No))
    }
}
