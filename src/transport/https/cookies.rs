//! The cookies of one user: what institutions set comes back to them, as long as it is not too much, in another process, too.

use std::borrow::{Borrow, Cow};
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::DateTime;
use cookie_store::{Cookie, CookieDomain, CookieExpiration, CookieStore, StoreAction};
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue, SET_COOKIE};

use crate::transport::SetCookie;

#[derive(Default)]
pub(crate) struct Cookies(Mutex<Jar>);

#[derive(Default)]
struct Jar {
    kept: CookieStore,
    /// In which order they were set last, as far as they are kept: the store has none.
    order: Vec<Place>,
}

impl Cookies {
    /// What goes out with a request to `url`, in one line.
    pub(crate) fn line(&self, url: &Url) -> Option<HeaderValue> {
        line(&self.jar().kept, &encrypted(url))
    }

    /// Keeps the cookies that an answer of `url` sets. Whether the next request there says one that this one, with the line `sent`, did not:
    /// what a server takes back, sets for somewhere else or says again changes nothing for whoever sends once more.
    pub(crate) fn keep(&self, headers: &HeaderMap, url: &Url, sent: Option<&HeaderValue>) -> bool {
        if !headers.contains_key(SET_COOKIE) {
            return false;
        }
        let (mut jar, url) = (self.jar(), encrypted(url));
        let lines = headers.get_all(SET_COOKIE).iter().filter_map(|set| std::str::from_utf8(set.as_bytes()).ok());
        jar.set(lines.filter_map(|line| read(line, &url)).map(|cookie| (cookie, &*url)));
        let next = line(&jar.kept, &url);
        pairs(next.as_ref()).any(|pair| pairs(sent).all(|said| said != pair))
    }

    /// All that have not expired, the newest first.
    pub(crate) fn all(&self) -> Vec<SetCookie> {
        let jar = self.jar();
        let found = jar.order.iter().rev().filter_map(|[domain, path, name]| jar.kept.get(domain, path, name));
        found.filter_map(written).collect()
    }

    /// Keeps what [`all`](Self::all) gave, as if it were set now. What has expired since takes no other's place.
    pub(crate) fn restore(&self, cookies: &[SetCookie]) {
        let of_hosts = cookies.iter().rev().filter_map(|SetCookie { origin, line }| {
            let url = Url::parse(origin).ok().filter(|url| url.scheme() == "https")?;
            // One that no header holds would keep all others from being sent.
            HeaderValue::from_bytes(line.expose().as_bytes()).ok()?;
            Some((read(line.expose(), &url).filter(|cookie| !cookie.is_expired())?, url))
        });
        self.jar().set(of_hosts);
    }

    fn jar(&self) -> MutexGuard<'_, Jar> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Jar {
    /// Keeps what is set at once, each by the host of its URL.
    fn set(&mut self, cookies: impl Iterator<Item = (Cookie<'static>, impl Borrow<Url>)>) {
        let Self { kept, order } = self;
        forget(kept, |cookie| cookie.is_expired());
        let mut new: Vec<Place> = Vec::new();
        for (cookie, url) in cookies {
            let at = place(&cookie);
            match kept.insert(cookie, url.borrow()) {
                // The store only marks it.
                Ok(StoreAction::ExpiredExisting) => remove(kept, &at),
                Ok(_) => {
                    new.retain(|known| *known != at);
                    new.push(at);
                }
                Err(_) => {}
            }
            if is_too_much(kept) {
                // What was set longer ago is of less use, or of another server.
                forget(kept, |cookie| !new.contains(&place(cookie)));
            }
            if is_too_much(kept)
                && let Some(last) = new.pop()
            {
                remove(kept, &last);
            }
        }
        order.retain(|at| !new.contains(at));
        order.append(&mut new);
        order.retain(|[domain, path, name]| kept.contains(domain, path, name));
    }
}

/// What the host of `url` sets by a line, for itself alone.
fn read(line: &str, url: &Url) -> Option<Cookie<'static>> {
    let line = Some(line).filter(|line| line.len() <= MOST_BYTES)?;
    let mut cookie = Cookie::parse(line, url).ok().filter(|cookie| cookie.domain.matches(url))?;
    // Whichever domain is named: it may be one that strangers have as well, `com` for one.
    cookie.domain = CookieDomain::host_only(url).ok()?;
    Some(cookie.into_owned())
}

/// What sets the cookie again, for as long as it is good.
fn written(cookie: &Cookie<'_>) -> Option<SetCookie> {
    let CookieDomain::HostOnly(host) = &cookie.domain else { return None };
    let (name, value, path) = (cookie.name(), cookie.value(), &*cookie.path);
    // Of an address: it would be read as something else.
    if path.contains(';') {
        return None;
    }
    // Grows nowhere, which would leave copies behind.
    let mut line = String::with_capacity([name, value, path].map(str::len).iter().sum::<usize>() + REST);
    let _ = write!(line, "{name}={value}; Path={path}");
    if cookie.secure() == Some(true) {
        line.push_str("; Secure");
    }
    if let CookieExpiration::AtUtc(end) = cookie.expires {
        let end = DateTime::from_timestamp(end.unix_timestamp(), 0)?;
        let _ = write!(line, "; Expires={}", end.format("%a, %d %b %Y %H:%M:%S GMT"));
    }
    Some(SetCookie::new(format!("https://{host}"), line))
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

/// More than the words of a line take that are the same in all: `=; Path=; Secure; Expires=Wed, 21 Oct 2026 07:28:00 GMT`.
const REST: usize = 64;

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

    fn set(cookies: &Cookies, host: &str, lines: &[&str]) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(SET_COOKIE, line.parse().unwrap());
        }
        cookies.keep(&headers, &Url::parse(host).unwrap(), None);
    }

    fn restored(all: &[SetCookie]) -> Cookies {
        let cookies = Cookies::default();
        cookies.restore(all);
        cookies
    }

    fn sent(cookies: &Cookies, url: &str) -> Vec<String> {
        let line = cookies.line(&Url::parse(url).unwrap());
        let mut all: Vec<_> = pairs(line.as_ref()).map(|pair| String::from_utf8(pair.to_vec()).unwrap()).collect();
        all.sort();
        all
    }

    #[test]
    fn what_is_written_is_restored_for_the_same_host_and_path() {
        let cookies = Cookies::default();
        set(
            &cookies,
            "https://ofx.bank.com/a/ofx",
            &["a=1", "b=\"x y\"; Path=/; Secure; Max-Age=100000", "e=; Path=/"],
        );
        set(&cookies, "https://pay.bank.com:8443/", &["c=3; HttpOnly; SameSite=Strict; Domain=bank.com"]);
        set(&cookies, "http://127.0.0.1:81/", &["d=4; Secure"]);
        set(&cookies, "http://[::1]:81/", &["f=5"]);
        let all = cookies.all();
        let origins: Vec<_> = all.iter().map(|cookie| cookie.origin.as_str()).collect();
        let of = ["[::1]", "127.0.0.1", "pay.bank.com", "ofx.bank.com", "ofx.bank.com", "ofx.bank.com"];
        assert_eq!(origins, of.map(|host| format!("https://{host}")), "the newest first");
        assert!(!format!("{all:?}").contains("=3"), "{all:?}");
        let again = restored(&all);
        for url in [
            "https://ofx.bank.com/a/ofx",
            "https://ofx.bank.com/b",
            "https://pay.bank.com/",
            "https://bank.com/",
            "https://www.bank.com/",
            "http://127.0.0.1:82/",
            "http://[::1]/",
        ] {
            assert_eq!(sent(&again, url), sent(&cookies, url), "{url}");
        }
        assert_eq!(sent(&again, "https://ofx.bank.com/a/ofx"), ["a=1", "b=\"x y\"", "e="]);
        assert_eq!(sent(&again, "https://bank.com/"), Vec::<String>::new());
        assert_eq!(again.all(), all, "also in their order, and until when they are good");
        // What is set once more is the newest.
        set(&cookies, "https://ofx.bank.com/a/ofx", &["a=2"]);
        let newer = cookies.all();
        assert_eq!(newer.first().unwrap().line.expose(), "a=2; Path=/a");
        assert_eq!(newer.len(), all.len());
    }

    #[test]
    fn what_has_expired_is_neither_written_nor_restored() {
        let cookies = Cookies::default();
        set(&cookies, "https://bank.com/", &["a=1; Max-Age=1000", "b=2", "b=; Max-Age=0"]);
        assert_eq!(cookies.all().len(), 1);
        // It does not take away what is there now.
        let old = SetCookie::new("https://bank.com", "a=0; Path=/; Expires=Wed, 21 Oct 2015 07:28:00 GMT");
        let new = SetCookie::new("https://bank.com", "c=0; Path=/; Expires=Wed, 21 Oct 2915 07:28:00 GMT");
        cookies.restore(&[old.clone(), new]);
        assert_eq!(sent(&cookies, "https://bank.com/"), ["a=1", "c=0"]);
        assert_eq!(restored(&[old]).all(), []);
    }

    #[test]
    fn what_is_restored_wins_and_is_no_more_than_is_kept() {
        let cookies = Cookies::default();
        set(&cookies, "https://bank.com/", &["a=own", "b=own"]);
        cookies.restore(&[SetCookie::new("https://bank.com", "a=stored; Path=/")]);
        assert_eq!(sent(&cookies, "https://bank.com/"), ["a=stored", "b=own"]);
        let long = "x".repeat(MOST_BYTES);
        let many = |count: usize| (0..count).map(|at| SetCookie::new("https://bank.com", format!("{at}=1; Path=/")));
        cookies.restore(&many(MOST + 20).chain([SetCookie::new("https://bank.com", long)]).collect::<Vec<_>>());
        assert_eq!((cookies.all().len(), cookies.jar().order.len()), (MOST, MOST));
        assert!(!sent(&cookies, "https://bank.com/").contains(&"a=stored".to_owned()));
    }

    #[test]
    fn what_is_forged_or_damaged_is_nothing() {
        for (origin, line) in [
            ("", "a=1"),
            ("bank.com", "a=1"),
            ("http://bank.com", "a=1"),
            ("file:///etc", "a=1"),
            ("data:bank.com", "a=1"),
            ("https://", "a=1"),
            ("https://[::1", "a=1"),
            ("https://other.com", "a=1; Domain=bank.com"),
            ("https://bank.com", ""),
            ("https://bank.com", "a"),
            ("https://bank.com", "=1"),
            ("https://bank.com", "a=1; Max-Age=0"),
            ("https://bank.com", "a=1; Domain=other.com"),
            ("https://bank.com", "a=1\r\nX-Evil: 2; Path=/"),
            ("https://bank.com", "a=1; Path=/; Expires=garbage; Max-Age=-99999999999999999999999"),
            ("https://bank.com", "a=\0; Path=/"),
        ] {
            let cookies = restored(&[SetCookie::new(origin, line)]);
            assert_eq!(cookies.line(&Url::parse("https://bank.com/").unwrap()), None, "{origin} {line}");
            assert_eq!(cookies.all(), [], "{origin} {line}");
        }
        for (origin, line) in [("https://other.com", "a=1; Domain=com"), ("https://bank.com@other.com", "a=1")] {
            let cookies = restored(&[SetCookie::new(origin, line)]);
            assert_eq!(sent(&cookies, "https://bank.com/"), Vec::<String>::new());
            assert_eq!(sent(&cookies, "https://other.com/"), ["a=1"]);
        }
        // An address with a semicolon, from which the path comes.
        let cookies = Cookies::default();
        set(&cookies, "https://bank.com/ofx;a=1/x", &["a=1"]);
        assert_eq!(cookies.all(), []);
    }
}
