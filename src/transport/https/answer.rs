//! The body of an answer, and of a request, with and without compression.

use std::future::poll_fn;
use std::io::{self, BufRead, ErrorKind, Read, Write as _};
use std::task::Poll;

use flate2::Compression;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use flate2::write::GzEncoder;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::secret::append;
use crate::transport::TransportError;
use crate::transport::options::Reason;

/// `body` in gzip.
pub(crate) fn compressed(body: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len()), Compression::default());
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.map(Zeroizing::new).map_err(|_| NOT_COMPRESSED.error())
}

/// The body of an answer while it comes, without its compression, under the limits of length and time.
pub(crate) struct Unpacking<'a> {
    host: &'a str,
    end: Option<Instant>,
    limit: usize,
    coding: Coding,
    /// How much has come, compressed where it is.
    came: usize,
    body: Zeroizing<Vec<u8>>,
}

enum Coding {
    None,
    Unknown,
    Packed(Box<Packed>),
}

impl Coding {
    /// The one that is left of header lines that are lists.
    ///
    /// Servers write the name of a character set there, or `none`: what is no compression changes nothing. One that is named twice is what
    /// a server and another in front of it say of the same; nobody packs what is packed already.
    fn of<'c>(lines: impl IntoIterator<Item = &'c str>) -> Self {
        let names = lines.into_iter().flat_map(|line| line.split(',')).map(|name| name.trim().to_ascii_lowercase());
        let kinds = names.filter_map(|name| match name.as_str() {
            "gzip" | "x-gzip" => Some(Some(true)),
            "deflate" => Some(Some(false)),
            other => NOT_UNDONE.contains(&other).then_some(None),
        });
        let mut kinds: Vec<Option<bool>> = kinds.collect();
        kinds.dedup();
        match kinds.as_slice() {
            [] => Self::None,
            [Some(is_gzip)] => Self::Packed(Box::new(Packed::new(*is_gzip))),
            _ => Self::Unknown,
        }
    }
}

impl<'a> Unpacking<'a> {
    /// Of `host`, under the `codings` of its header lines, of at most `limit` bytes as they come and as they are, until `end`.
    ///
    /// A server may compress without having been asked. RFC 9110 §12.5.3.
    pub(crate) fn new<'c>(
        codings: impl IntoIterator<Item = &'c str>,
        limit: usize,
        host: &'a str,
        end: Option<Instant>,
    ) -> Self {
        Self { host, end, limit, coding: Coding::of(codings), came: 0, body: Zeroizing::default() }
    }

    /// Takes the next piece of it.
    pub(crate) async fn take(&mut self, piece: &[u8]) -> Result<(), TransportError> {
        if piece.len() > self.limit.saturating_sub(self.came) {
            return Err(TransportError::TooLarge { limit: self.limit });
        }
        self.came = self.came.saturating_add(piece.len());
        for part in piece.chunks(FEED) {
            match &mut self.coding {
                Coding::None => append(&mut self.body, part),
                Coding::Unknown => return Err(TransportError::Compression { problem: UNKNOWN_CODING }),
                Coding::Packed(packed) => {
                    packed.feed(part);
                    self.drain().await?;
                }
            }
        }
        Ok(())
    }

    /// The whole, when nothing more comes.
    pub(crate) async fn finish(mut self) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        if let Coding::Packed(packed) = &mut self.coding
            && self.came > 0
        {
            packed.feed_no_more();
            self.drain().await?;
        }
        Ok(self.body)
    }

    /// Takes out what comes of the part that was fed. After each small piece of work others have their turn and the time is looked at: a
    /// part that takes long must not hold up the rest of the program, and no part may hold up the end.
    async fn drain(&mut self) -> Result<(), TransportError> {
        let Coding::Packed(packed) = &mut self.coding else { return Ok(()) };
        loop {
            let more = packed.step(&mut self.body, self.limit)?;
            give_turn().await;
            if self.end.is_some_and(|end| Instant::now() >= end) {
                return Err(TransportError::Timeout { host: self.host.to_owned(), source: None });
            }
            if !more {
                return packed.check(self.body.len());
            }
        }
    }
}

/// Whether `body` ends as a document of OFX does.
pub(crate) fn is_closed(body: &[u8]) -> bool {
    let body = body.trim_ascii_end();
    body.last_chunk().is_some_and(|end: &[u8; 6]| end.eq_ignore_ascii_case(b"</OFX>"))
}

/// Whether `body` begins with the length of a chunk, as no document of OFX does. RFC 9112 §7.1.
pub(crate) fn is_in_chunks(body: &[u8]) -> bool {
    let behind = body.trim_ascii_start();
    let digits = behind.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let rest = behind.get(digits..).unwrap_or_default();
    let rest = rest.get(rest.iter().take_while(|byte| b" \t".contains(byte)).count()..).unwrap_or_default();
    digits > 0 && (rest.starts_with(b"\r\n") || rest.starts_with(b";"))
}

/// Lets others have their turn. That of tokio waits for the scheduler of this thread, which does nothing while somebody waits here for what
/// is at work in another runtime.
async fn give_turn() {
    let mut given = false;
    poll_fn(|context| {
        if given {
            return Poll::Ready(());
        }
        given = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// What undoes a compression.
struct Packed {
    is_gzip: bool,
    /// There is none before two bytes have come, which tell what deflate stands for.
    decoder: Option<Decoder>,
    first: Feed,
    fed: usize,
    is_over: bool,
    piece: Zeroizing<Vec<u8>>,
}

enum Decoder {
    Gzip(GzDecoder<Feed>),
    Zlib(ZlibDecoder<Feed>),
    Bare(DeflateDecoder<Feed>),
}

impl Packed {
    fn new(is_gzip: bool) -> Self {
        let first = Feed { bytes: Zeroizing::new(Vec::with_capacity(FEED)), read: 0, is_last: false };
        Self { is_gzip, decoder: None, first, fed: 0, is_over: false, piece: Zeroizing::new(vec![0; PIECE]) }
    }

    fn feed(&mut self, part: &[u8]) {
        self.fed = self.fed.saturating_add(part.len());
        match &mut self.decoder {
            Some(decoder) => decoder.feed().put(part),
            None => append(&mut self.first.bytes, part),
        }
        if self.first.bytes.len() >= 2 {
            self.begin();
        }
    }

    fn feed_no_more(&mut self) {
        self.begin();
        if let Some(decoder) = &mut self.decoder {
            decoder.feed().is_last = true;
        }
    }

    fn begin(&mut self) {
        if self.decoder.is_none() {
            let first = std::mem::take(&mut self.first);
            self.decoder = Some(if self.is_gzip {
                Decoder::Gzip(GzDecoder::new(first))
            } else if is_zlib(&first.bytes) {
                Decoder::Zlib(ZlibDecoder::new(first))
            } else {
                // By the standard deflate stands for zlib around it; servers are known to leave that away.
                Decoder::Bare(DeflateDecoder::new(first))
            });
        }
    }

    /// Puts the next piece behind `body`. Whether there may be more of it before more is fed.
    fn step(&mut self, body: &mut Zeroizing<Vec<u8>>, limit: usize) -> Result<bool, TransportError> {
        let Some(decoder) = self.decoder.as_mut().filter(|_| !self.is_over) else { return Ok(false) };
        let read = match decoder.read(&mut self.piece) {
            Ok(0) => decoder.begin_another().map(|more| (0, more)),
            read => read.map(|count| (count, true)),
        };
        let (count, more) = match read {
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(_) => return Err(TransportError::Compression { problem: BROKEN }),
        };
        // What follows the end is nobody's.
        self.is_over = !more;
        // Up to the limit, and not further: what is said to be small may be large.
        if count > limit.saturating_sub(body.len()) {
            return Err(TransportError::TooLarge { limit });
        }
        append(body, self.piece.get(..count).unwrap_or_default());
        Ok(!self.is_over)
    }

    /// Refuses what is all work, when so much of it has come out.
    fn check(&self, length: usize) -> Result<(), TransportError> {
        let most = length.saturating_mul(LEAST_YIELD).saturating_add(NO_YIELD);
        if self.is_over || self.fed <= most {
            Ok(())
        } else {
            Err(TransportError::Compression { problem: NOTHING_IN_IT })
        }
    }
}

impl Decoder {
    fn feed(&mut self) -> &mut Feed {
        match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zlib(decoder) => decoder.get_mut(),
            Self::Bare(decoder) => decoder.get_mut(),
        }
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(decoder) => decoder.read(into),
            Self::Zlib(decoder) => decoder.read(into),
            Self::Bare(decoder) => decoder.read(into),
        }
    }

    /// At its end: whether another member of gzip follows, which is then the next to be read.
    fn begin_another(&mut self) -> io::Result<bool> {
        let Self::Gzip(decoder) = self else { return Ok(false) };
        let follows = decoder.get_ref().begins_with(GZIP)?;
        if follows {
            let feed = std::mem::take(decoder.get_mut());
            decoder.reset(feed);
        }
        Ok(follows)
    }
}

/// A part of what is compressed. Behind it comes another, which is not there yet, unless it is the last.
#[derive(Default)]
struct Feed {
    bytes: Zeroizing<Vec<u8>>,
    read: usize,
    is_last: bool,
}

impl Feed {
    /// Behind what is left of the last one, which is next to nothing.
    fn put(&mut self, part: &[u8]) {
        let read = self.read.min(self.bytes.len());
        self.bytes.drain(..read);
        append(&mut self.bytes, part);
        self.read = 0;
    }

    /// Whether what comes next is `wanted`. What ends in the middle of it is cut short.
    fn begins_with(&self, wanted: &[u8]) -> io::Result<bool> {
        let left = self.bytes.get(self.read..).unwrap_or_default();
        if left.len() >= wanted.len() || !wanted.starts_with(left) {
            Ok(left.starts_with(wanted))
        } else if !self.is_last {
            Err(ErrorKind::WouldBlock.into())
        } else if left.is_empty() {
            Ok(false)
        } else {
            Err(ErrorKind::UnexpectedEof.into())
        }
    }
}

impl BufRead for Feed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.bytes.get(self.read..) {
            Some(left) if !left.is_empty() => Ok(left),
            _ if self.is_last => Ok(&[]),
            _ => Err(ErrorKind::WouldBlock.into()),
        }
    }

    fn consume(&mut self, count: usize) {
        self.read = self.read.saturating_add(count);
    }
}

impl Read for Feed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut left = self.fill_buf()?;
        let count = left.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

/// How a member begins. RFC 1952 §2.3.1.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// RFC 1950 §2.2.
fn is_zlib(bytes: &[u8]) -> bool {
    let [first, second, ..] = bytes else { return false };
    first & 0x0f == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0
}

/// How much is undone at a time, as it comes: the worst of it takes some milliseconds.
const FEED: usize = 4 * 1024;
/// The same as it comes out.
const PIECE: usize = 16 * 1024;

/// How many bytes may have come that gave nothing, and beside them for each that they gave. What cannot be compressed grows by less than a
/// hundredth, and by half where a server sends each line as soon as it has it. `HttpsOptions::body_limit` says so.
const NO_YIELD: usize = 64 * 1024;
const LEAST_YIELD: usize = 8;

/// The other codings of the registry of HTTP content codings, and the old name of one.
const NOT_UNDONE: &[&str] = &["aes128gcm", "br", "compress", "dcb", "dcz", "exi", "pack200-gzip", "x-compress", "zstd"];

const BROKEN: &str = "it is broken or cut short";
const UNKNOWN_CODING: &str = "it is neither gzip nor deflate";
const NOTHING_IN_IT: &str = "it is long, and next to nothing comes out of it";
const NOT_COMPRESSED: Reason = Reason("the request could not be compressed");

#[cfg(test)]
mod tests;
