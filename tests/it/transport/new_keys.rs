//! A connection of TLS 1.3 whose keys are renewed is the same connection.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ofx_session::transport::{Event, Https, Observer, Request, Transport as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::last_word::asking;
use crate::papers::Authority;
use crate::promises::trusting;
use crate::wire::{answer, read};

#[tokio::test]
async fn a_connection_is_over_at_its_end_and_not_when_its_keys_are_renewed() {
    let authority = Authority::new("root");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/ofx", listener.local_addr().unwrap());
    let acceptor = TlsAcceptor::from(Arc::new(asking(&authority, 1)));
    let server = tokio::spawn(async move {
        let mut stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
        for nth in 0..3 {
            read(&mut stream, nth).await.unwrap();
            // Asks for new keys of ours, too.
            stream.get_mut().1.refresh_traffic_keys().unwrap();
            stream.write_all(answer("<OFX>").as_bytes()).await.unwrap();
        }
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let told = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&told);
    let observer: Arc<dyn Observer> = Arc::new(move |event: &Event<'_>| {
        list.lock().unwrap().push(format!("{event:?}").split(' ').next().unwrap().to_owned());
    });
    let https = Https::new(trusting(&authority)).unwrap();
    for _ in 0..3 {
        let request = Request::new(url.clone(), b"<OFX>".to_vec()).reusing_connection();
        https.send(request.observed_by(Some(Arc::clone(&observer)))).await.unwrap();
        // The connection goes back to those that are kept.
        tokio::task::yield_now().await;
    }
    told.lock().unwrap().push("the end".to_owned());
    drop(https);
    server.await.unwrap();
    for _ in 0..500 {
        if told.lock().unwrap().last().is_some_and(|last| last == "Closed") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let exchange = ["RequestSent", "ResponseHead", "BodyReceived"];
    let expected =
        [&["Connected", "TlsEstablished"], &exchange[..], &exchange, &exchange, &["the end", "Closed"]].concat();
    assert_eq!(*told.lock().unwrap(), expected);
}
