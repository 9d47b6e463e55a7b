//! The listener as a server that strangers talk to, with limits that a test can wait for.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;
use tokio::sync::oneshot;
use wh::edge::listener::{Caller, Handler, Limits, Refusal, Room, serve};

use crate::support::{Listener, Message, connect, exchange, exchange_half_closed, hear};

const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(20);

/// A server of this process, and what it was told.
struct Server {
    address: SocketAddr,
    told: Arc<Told>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Told {
    bodies: Mutex<Vec<Bytes>>,
    refusals: Mutex<Vec<Refusal>>,
}

impl Handler for Told {
    async fn answer(&self, request: Request<Bytes>, _: Caller<'_>) -> Response<Bytes> {
        self.bodies.lock().expect("no panic").push(request.into_body());
        Response::new(Bytes::from_static(b"fine"))
    }

    fn refused(&self, _: SocketAddr, refusal: &Refusal) {
        self.refusals.lock().expect("no panic").push(refusal.clone());
    }
}

impl Server {
    fn new(limits: Limits) -> Self {
        Self::in_room(Room::new(limits))
    }

    /// One that may have others beside it in the same room.
    fn in_room(room: Arc<Room>) -> Self {
        let socket = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        socket.set_nonblocking(true).expect("a socket");
        let address = socket.local_addr().expect("an address");
        let told = Arc::new(Told::default());
        let (stop, stopped) = oneshot::channel();
        let handler = Arc::clone(&told);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let socket = tokio::net::TcpListener::from_std(socket).expect("a socket that does not block");
                let stopped = async move { drop(stopped.await) };
                serve(vec![socket], handler, room, stopped).await;
            });
        });
        Self { address, told, stop: Some(stop), thread: Some(thread) }
    }

    /// Stops it, and says what it refused.
    fn refusals(mut self) -> Vec<Refusal> {
        drop(self.stop.take());
        self.thread.take().expect("it was started").join().expect("no panic");
        std::mem::take(&mut *self.told.refusals.lock().expect("no panic"))
    }

    fn bodies(&self) -> Vec<Bytes> {
        self.told.bodies.lock().expect("no panic").clone()
    }
}

/// A client that is to send a body of that length, and has sent this much of it.
fn unfinished(address: SocketAddr, length: usize, sent: &[u8]) -> TcpStream {
    let mut client = connect(address);
    let head = format!("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    client.write_all(&[head.as_bytes(), sent].concat()).expect("a server");
    client
}

fn patient() -> Limits {
    Limits { headers: LONG, idle: LONG, total: LONG, ..Limits::default() }
}

#[test]
fn a_client_that_ends_its_side_is_answered_all_the_same() {
    let server = Server::new(patient());
    for _ in 0..50 {
        assert_eq!(exchange_half_closed(server.address, &Message::new("x").bytes()).status, 200);
    }
    assert_eq!(server.bodies().len(), 50);
}

#[test]
fn a_body_that_breaks_off_or_is_malformed_is_400_and_never_handed_over() {
    let server = Server::new(patient());
    let short = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc";
    let chunked = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (message, due) in [
        (short.to_vec(), "end of file"),
        ([&chunked[..], b"zz\r\nabc\r\n0\r\n\r\n"].concat(), "chunk size"),
        ([&chunked[..], b"3\r\nabcX\r\n0\r\n\r\n"].concat(), "chunk"),
        ([&chunked[..], b"3\r\nabc\r\n"].concat(), "eof"),
    ] {
        let reply = exchange_half_closed(server.address, &message);
        assert_eq!(reply.status, 400, "{}", String::from_utf8_lossy(&message));
        assert!(reply.text().to_lowercase().contains(due), "{}", reply.text());
    }
    assert_eq!(server.bodies(), Vec::<Bytes>::new());
    assert_eq!(server.refusals().len(), 4);
}

#[test]
fn chunks_are_put_together_and_too_many_of_them_are_413() {
    let server = Server::new(Limits { body: 6, ..patient() });
    let head = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(exchange(server.address, format!("{head}3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n").as_bytes()).status, 200);
    assert_eq!(server.bodies(), [Bytes::from_static(b"abcdef")]);
    assert_eq!(exchange(server.address, format!("{head}3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n").as_bytes()).status, 413);
    assert_eq!(exchange(server.address, &Message::new("abcdefg").bytes()).status, 413);
    assert_eq!(exchange(server.address, &Message::new("abcdef").bytes()).status, 200);
    assert_eq!(server.bodies().len(), 2);
    assert_eq!(server.refusals(), [Refusal::TooLarge { limit: 6 }, Refusal::TooLarge { limit: 6 }]);
}

#[test]
fn what_is_announced_too_large_is_refused_before_it_is_sent() {
    let server = Server::new(Limits { body: 6, ..patient() });
    let reply =
        exchange(server.address, b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 7\r\n\r\n");
    assert_eq!(reply.status, 413);
}

#[test]
fn bodies_that_are_too_large_together_are_503_until_others_are_answered() {
    let server = Server::new(Limits { body: 8, bodies: 10, ..patient() });
    let mut first = unfinished(server.address, 8, b"abcdef");
    let second = || exchange(server.address, &Message::new("ghijkl").bytes()).status;
    // Until the server has read what the first has sent, there is room.
    let refused = (0..1000).map(|_| second()).find(|status| *status != 200);
    assert_eq!(refused, Some(503));
    first.write_all(b"gh").expect("a server");
    assert_eq!((hear(first).status, second()), (200, 200));
    assert!(server.refusals().contains(&Refusal::NoRoom { limit: 10 }));
}

#[test]
fn the_room_for_bodies_is_one_on_however_many_threads_they_come_in() {
    let room = Room::new(Limits { body: 8, bodies: 10, ..patient() });
    let (mut one, other) = (Server::in_room(Arc::clone(&room)), Server::in_room(room));
    let mut first = unfinished(one.address, 8, b"abcdef");
    let second = || exchange(other.address, &Message::new("ghijkl").bytes()).status;
    // Until the one has read what the first has sent, there is room in the other.
    let refused = (0..1000).map(|_| second()).find(|status| *status != 200);
    assert_eq!(refused, Some(503));
    first.write_all(b"gh").expect("a server");
    assert_eq!((hear(first).status, second()), (200, 200));
    // They wait for one another's clients, so that both are to stop.
    drop(one.stop.take());
    assert!(other.refusals().contains(&Refusal::NoRoom { limit: 10 }));
    assert_eq!(one.refusals(), []);
}

#[test]
fn a_small_body_has_its_room_whatever_larger_ones_take() {
    // A quarter of the room is for a body of five bytes on each connection, and the rest for larger ones.
    let server = Server::new(Limits { bodies: 80, connections: 4, ..patient() });
    let mut first = unfinished(server.address, 60, &[b'a'; 59]);
    let status = |body: &str| exchange(server.address, &Message::new(body).bytes()).status;
    // Until the server has read what the first has sent, there is room for others.
    let refused = (0..1000).map(|_| status("123456")).find(|status| *status != 200);
    assert_eq!((refused, status("12345")), (Some(503), 200));
    first.write_all(b"a").expect("a server");
    assert_eq!((hear(first).status, status("123456")), (200, 200));
}

#[test]
fn one_host_is_due_and_no_tunnel_is_given() {
    let server = Server::new(patient());
    for (head, due) in [
        ("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 400),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 405),
        ("POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n", 200),
    ] {
        assert_eq!(exchange(server.address, head.as_bytes()).status, due, "{head}");
    }
    assert_eq!(server.refusals(), [Refusal::Host { count: 0 }, Refusal::Host { count: 2 }, Refusal::Connect]);
}

#[test]
fn what_is_no_http_is_refused_and_told() {
    let server = Server::new(patient());
    let large = format!("POST / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "a".repeat(1 << 20));
    for (bytes, due) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"[..], 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nX: a\x1b\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", 400),
        (large.as_bytes(), 431),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0),
    ] {
        assert_eq!(exchange(server.address, bytes).status, due);
    }
    let refusals = server.refusals();
    assert!(refusals.iter().all(|refusal| matches!(refusal, Refusal::BadHead { .. })), "{refusals:?}");
    assert_eq!(refusals.len(), 5);
}

#[test]
fn who_sends_a_head_slowly_is_gone_at_the_timeout_and_others_are_served_meanwhile() {
    let server = Server::new(Limits { headers: Duration::from_secs(1), ..patient() });
    let begun = Instant::now();
    let slow: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut stream = connect(server.address);
            stream.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nX-Slow: ").expect("a server");
            stream
        })
        .collect();
    assert_eq!(exchange(server.address, &Message::new("good").bytes()).status, 200);
    assert_eq!(server.bodies().len(), 1);
    for stream in slow {
        assert_eq!(hear(stream).status, 0);
    }
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert_eq!(server.refusals(), vec![Refusal::SlowHead; 200]);
}

#[test]
fn a_connection_that_says_nothing_is_closed_without_a_word() {
    let server = Server::new(Limits { headers: SHORT, ..patient() });
    assert_eq!(hear(connect(server.address)).status, 0);
    // The same after an answer.
    let mut kept = connect(server.address);
    kept.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").expect("a server");
    assert_eq!(hear(kept).status, 200);
    assert_eq!(server.refusals(), []);
}

#[test]
fn a_body_that_stops_or_never_ends_is_408() {
    let head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n";
    let server = Server::new(Limits { idle: SHORT, ..patient() });
    assert_eq!(exchange(server.address, &[&head[..], b"abc"].concat()).status, 408);
    let server = Server::new(Limits { total: SHORT, ..patient() });
    let mut stream = connect(server.address);
    stream.write_all(head).expect("a server");
    let mut reader = stream.try_clone().expect("a second handle");
    let dripping = thread::spawn(move || {
        while stream.write_all(b"a").is_ok() {
            thread::sleep(SHORT / 10);
        }
    });
    let mut first = [0; 12];
    reader.read_exact(&mut first).expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 408");
    drop(reader);
    drop(server);
    dripping.join().expect("no panic");
}

#[test]
fn more_connections_than_are_served_wait_for_their_turn() {
    let server = Server::new(Limits { connections: 2, headers: Duration::from_secs(1), ..patient() });
    let held = [connect(server.address), connect(server.address)];
    let address = server.address;
    let third = thread::spawn(move || {
        let begun = Instant::now();
        (exchange(address, &Message::new("x").bytes()).status, begun.elapsed() >= Duration::from_millis(700))
    });
    for stream in held {
        assert_eq!(hear(stream).status, 0);
    }
    assert_eq!(third.join().expect("no panic"), (200, true));
}

#[test]
fn requests_on_one_connection_are_answered_in_their_order() {
    let server = Server::new(patient());
    let one = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n";
    let mut stream = connect(server.address);
    let all = [one, "a", one, "b", one, "c"].concat();
    stream.write_all(all.as_bytes()).expect("a server");
    stream.shutdown(std::net::Shutdown::Write).expect("an open connection");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("answers");
    assert_eq!(text.matches("HTTP/1.1 200").count(), 3, "{text}");
    assert_eq!(server.bodies(), ["a", "b", "c"].map(Bytes::from));
}

#[test]
fn what_was_refused_is_told_and_neither_counted_nor_recorded() {
    let listener = Listener::start(&["--scheme", "wpg", "--max-body", "5"]);
    let reply = listener.raw(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabcdef");
    assert_eq!((reply.status, reply.text().as_str()), (413, "its body is larger than 5 bytes"));
    listener.complaint("was refused: its body is larger than 5 bytes");
    listener.raw(b"\x1b[31m\r\n\r\n");
    listener.complaint("was refused: its head cannot be read: ");
    assert_eq!(listener.log(), Vec::<serde_json::Value>::new());
    assert_eq!(listener.stop().json("summary")["received"], json!(0));
}
