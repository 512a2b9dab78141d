//! The cookies of one user: what institutions set comes back to them, as long as it is not too much.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cookie_store::{Cookie, CookieDomain, CookieStore, StoreAction};
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue, SET_COOKIE};

#[derive(Default)]
pub(crate) struct Cookies(Mutex<CookieStore>);

impl Cookies {
    /// What goes out with a request to `url`, in one line.
    pub(crate) fn line(&self, url: &Url) -> Option<HeaderValue> {
        line(&self.kept(), &encrypted(url))
    }

    /// Keeps the cookies that an answer of `url` sets. Whether the next request there says one that this one, with the line `sent`, did not:
    /// what a server takes back, sets for somewhere else or says again changes nothing for whoever sends once more.
    pub(crate) fn keep(&self, headers: &HeaderMap, url: &Url, sent: Option<&HeaderValue>) -> bool {
        if !headers.contains_key(SET_COOKIE) {
            return false;
        }
        let (mut kept, url) = (self.kept(), encrypted(url));
        forget(&mut kept, |cookie| cookie.is_expired());
        let mut new: Vec<Place> = Vec::new();
        for set in headers.get_all(SET_COOKIE) {
            let cookie = std::str::from_utf8(set.as_bytes()).ok().filter(|text| text.len() <= MOST_BYTES);
            let Some(Ok(mut cookie)) = cookie.map(|text| Cookie::parse(text, &url)) else { continue };
            // Whichever domain is named: it may be one that strangers have as well, `com` for one.
            match CookieDomain::host_only(&url) {
                Ok(host) if cookie.domain.matches(&url) => cookie.domain = host,
                _ => continue,
            }
            let at = place(&cookie);
            match kept.insert(cookie.into_owned(), &url) {
                // The store only marks it.
                Ok(StoreAction::ExpiredExisting) => remove(&mut kept, &at),
                Ok(_) => new.push(at),
                Err(_) => {}
            }
            if is_too_much(&kept) {
                // What was set longer ago is of less use, or of another server.
                forget(&mut kept, |cookie| !new.contains(&place(cookie)));
            }
            if is_too_much(&kept)
                && let Some(last) = new.pop()
            {
                remove(&mut kept, &last);
            }
        }
        let next = line(&kept, &url);
        pairs(next.as_ref()).any(|pair| pairs(sent).all(|said| said != pair))
    }

    fn kept(&self) -> MutexGuard<'_, CookieStore> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn line(kept: &CookieStore, url: &Url) -> Option<HeaderValue> {
    let mut line = String::new();
    for (name, value) in kept.get_request_values(url) {
        let separator = if line.is_empty() { "" } else { "; " };
        let _ = write!(line, "{separator}{name}={value}");
    }
    HeaderValue::try_from(line).ok().filter(|line| !line.is_empty())
}

/// The cookies of a line. The store gives them out in any order.
fn pairs(line: Option<&HeaderValue>) -> impl Iterator<Item = &[u8]> {
    line.into_iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';')).map(<[u8]>::trim_ascii)
}

/// Domain, path and name: of those with the same there is one.
type Place = [String; 3];

fn place(cookie: &Cookie<'_>) -> Place {
    [String::from(&cookie.domain), String::from(&cookie.path), cookie.name().to_owned()]
}

fn forget(kept: &mut CookieStore, which: impl Fn(&Cookie<'_>) -> bool) {
    let places: Vec<_> = kept.iter_any().filter(|cookie| which(cookie)).map(place).collect();
    places.iter().for_each(|place| remove(kept, place));
}

fn remove(kept: &mut CookieStore, [domain, path, name]: &Place) {
    kept.remove(domain, path, name);
}

fn is_too_much(kept: &CookieStore) -> bool {
    let (mut count, mut bytes) = (0_usize, 0_usize);
    for cookie in kept.iter_any() {
        count = count.saturating_add(1);
        // With what stands between them in a line.
        let pair = cookie.name().len().saturating_add(cookie.value().len()).saturating_add("; =".len());
        bytes = bytes.saturating_add(pair);
    }
    count > MOST || bytes > MOST_BYTES
}

/// Where the cookies of `url` are kept: those that are marked as secure are given out for https only, also on this machine.
fn encrypted(url: &Url) -> Cow<'_, Url> {
    if url.scheme() == "https" {
        return Cow::Borrowed(url);
    }
    let mut url = url.clone();
    let _ = url.set_scheme("https");
    Cow::Owned(url)
}

/// How many are kept, and how many bytes of what would be sent; also the longest that is looked at, with all that is said about it.
/// `HttpsOptions::cookies` says so.
const MOST: usize = 50;
const MOST_BYTES: usize = 8 * 1024;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_sent_to_the_host_that_set_it_and_to_no_other() {
        let bank = Url::parse("https://ofx.bank.com/ofx").unwrap();
        for domain in ["com", ".com", "bank.com", "ofx.bank.com"] {
            let (cookies, mut headers) = (Cookies::default(), HeaderMap::new());
            let line = format!("id=1; Path=/; Domain={domain}");
            headers.insert(SET_COOKIE, line.parse().unwrap());
            assert!(cookies.keep(&headers, &bank, None), "{domain}");
            assert_eq!(cookies.line(&bank).unwrap(), "id=1", "{domain}");
            for stranger in ["https://other.com/", "https://bank.com/", "https://www.ofx.bank.com/"] {
                assert_eq!(cookies.line(&Url::parse(stranger).unwrap()), None, "{domain}, {stranger}");
            }
            // It takes back its own in the same words.
            headers.insert(SET_COOKIE, format!("{line}; Max-Age=0").parse().unwrap());
            assert!(!cookies.keep(&headers, &bank, None), "{domain}");
            assert_eq!(cookies.line(&bank), None, "{domain}");
        }
        // What is said for another is nobody's.
        let (cookies, mut headers) = (Cookies::default(), HeaderMap::new());
        headers.insert(SET_COOKIE, "id=1; Domain=other.com".parse().unwrap());
        assert!(!cookies.keep(&headers, &bank, None));
    }
}
