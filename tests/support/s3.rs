//! A real S3 server on this machine: SeaweedFS, one for all the tests that run at a time.
//!
//! Tests keep apart by their buckets:
//!
//! ```ignore
//! let Some(s3) = S3::start()? else { return Ok(()) };
//! let lake = s3.bucket("nightly")?;                  // s3://nightly
//! Command::new(leadmill).envs(s3.env()) ...
//! ```

use std::{
    env, fs,
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio, id},
    sync::{Arc, Mutex, PoisonError, Weak},
    thread,
    time::Duration,
};

const KEY: &str = "leadmill";
const SECRET: &str = "not-a-secret";

/// The server that is running, if a test holds it.
static RUNNING: Mutex<Weak<S3>> = Mutex::new(Weak::new());

/// A running server. It is killed when the last test lets go of it, and also when the tests'
/// process dies without doing so.
#[derive(Debug)]
pub(crate) struct S3 {
    shell: Child,
    ports: Ports,
}

impl S3 {
    /// The server, which takes writes; `None`, after naming the test that is skipped, where
    /// SeaweedFS is not installed.
    pub(crate) fn start() -> io::Result<Option<Arc<Self>>> {
        let weed = target().join("seaweedfs/bin/weed");
        if !weed.exists() {
            return skip().map(|()| None);
        }
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(s3) = running.upgrade() {
            return Ok(Some(s3));
        }
        // Between being found free and being taken, a port may go to another test.
        let s3 = Self::launch(&weed).or_else(|_| Self::launch(&weed))?;
        let s3 = Arc::new(s3);
        *running = Arc::downgrade(&s3);
        Ok(Some(s3))
    }

    /// What a child process needs to find the server and to be let in.
    pub(crate) fn env(&self) -> [(&'static str, String); 6] {
        [
            ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", self.ports.s3)),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
        ]
    }

    /// Makes a bucket and gives its address, `s3://name`.
    pub(crate) fn bucket(&self, name: &str) -> io::Result<String> {
        self.filer("POST", &format!("/buckets/{name}/"), b"")?;
        Ok(format!("s3://{name}"))
    }

    /// Lays an object into a bucket.
    pub(crate) fn put(&self, bucket: &str, key: &str, bytes: &[u8]) -> io::Result<()> {
        self.filer("PUT", &format!("/buckets/{bucket}/{key}"), bytes).map(drop)
    }

    /// The bytes of an object.
    pub(crate) fn get(&self, bucket: &str, key: &str) -> io::Result<Vec<u8>> {
        self.filer("GET", &format!("/buckets/{bucket}/{key}"), b"")
    }

    /// The file service beneath the S3 gateway asks for no signature.
    fn filer(&self, verb: &str, path: &str, body: &[u8]) -> io::Result<Vec<u8>> {
        match request(self.ports.filer, verb, path, body)? {
            (200..300, body) => Ok(body),
            (status, _) => Err(io::Error::other(format!("{verb} {path}: {status}"))),
        }
    }

    fn launch(weed: &Path) -> io::Result<Self> {
        let ports = Ports::free()?;
        let folder = target().join(format!("tmp/seaweedfs-{}-{}", id(), ports.s3));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("s3.json"), identities())?;
        let shell = Command::new("sh")
            .args(["-c", SERVE, "sh"])
            .arg(weed)
            .args(ports.arguments())
            .env_clear() // it would take keys and settings from it
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("HOME", &folder)
            .env("PORTS", ports.grpc.map(|port| port.to_string()).join(" "))
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Self { shell, ports }.once_ready()
    }

    /// Waits until both services answer and a write finds its volume, for half a minute at most.
    fn once_ready(mut self) -> io::Result<Self> {
        let log = target().join("tmp/seaweedfs.log");
        for _ in 0..600 {
            if self.shell.try_wait()?.is_some() {
                break;
            }
            let healthy = request(self.ports.s3, "GET", "/healthz", b"");
            if healthy.is_ok_and(|(status, _)| status == 200)
                && self.filer("PUT", "/ready", b"yes").is_ok()
            {
                return Ok(self);
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(io::Error::other(format!("seaweedfs does not start: see {}", log.display())))
    }
}

impl Drop for S3 {
    /// Closes the pipe to the shell, at which it kills the server, and waits for it to tidy up.
    fn drop(&mut self) {
        self.shell.wait().ok();
    }
}

/// Runs the server until standard input ends, however this process ended, then kills it by its
/// id: asked politely, it takes its time. The sockets are those it lays into /tmp by itself.
const SERVE: &str = r#"
exec 3<&0
"$@" >../seaweedfs.log 2>&1 &
server=$!
{ read -r _ <&3; kill -9 "$server"; } &
wait "$server"
kill "$!"
for port in $PORTS; do rm -f /tmp/seaweedfs-*-grpc-"$port".sock; done
rm -rf "$HOME"
"#;

#[derive(Clone, Copy, Debug)]
struct Ports {
    master: u16,
    volume: u16,
    filer: u16,
    s3: u16,
    /// In the same order.
    grpc: [u16; 4],
}

impl Ports {
    fn free() -> io::Result<Self> {
        let held: [_; 8] =
            std::array::from_fn(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let mut ports = [0; 8];
        for (port, held) in ports.iter_mut().zip(held) {
            *port = held?.local_addr()?.port();
        }
        let [master, volume, filer, s3, grpc @ ..] = ports;
        Ok(Self { master, volume, filer, s3, grpc })
    }

    fn arguments(&self) -> Vec<String> {
        let Self { master, volume, filer, s3, grpc } = self;
        let named =
            [("master", master), ("volume", volume), ("filer", filer), ("s3", s3)];
        let ports = named.iter().zip(grpc).flat_map(|((name, http), grpc)| {
            [format!("-{name}.port={http}"), format!("-{name}.port.grpc={grpc}")]
        });
        let fixed = SETTINGS.split_whitespace().map(str::to_owned);
        fixed.chain(ports).collect()
    }
}

/// One master without an election is ready in two seconds instead of eight. Nothing listens
/// elsewhere, reports home, or takes much of the disk.
const SETTINGS: &str = "
    server -dir=. -ip=127.0.0.1 -ip.bind=127.0.0.1
    -master.peers=none -master.telemetry=false -master.volumeSizeLimitMB=64 -volume.max=0
    -filer -filer.localSocket=filer.sock
    -s3 -s3.config=s3.json -s3.localSocket=s3.sock -s3.port.iceberg=0 -s3.port.lance=0
";

fn identities() -> String {
    format!(
        r#"{{"identities": [{{
            "name": "tests",
            "credentials": [{{"accessKey": "{KEY}", "secretKey": "{SECRET}"}}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"]
        }}]}}"#
    )
}

/// The status and the body of one HTTP call.
fn request(port: u16, verb: &str, path: &str, body: &[u8]) -> io::Result<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let length = body.len();
    // HTTP/1.0: the end of the reply is the end of the connection, and nothing is chunked.
    write!(stream, "{verb} {path} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n")?;
    stream.write_all(body)?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply)?;
    let unreadable = || io::Error::other(format!("{verb} {path}: unreadable reply"));
    let head =
        reply.windows(4).position(|end| end == b"\r\n\r\n").ok_or_else(unreadable)?;
    let status = str::from_utf8(&reply[..head])
        .ok()
        .and_then(|head| head.split(' ').nth(1).and_then(|status| status.parse().ok()));
    Ok((status.ok_or_else(unreadable)?, reply.split_off(head + 4)))
}

/// Says so past the test harness, which keeps what passing tests print to itself.
fn skip() -> io::Result<()> {
    let test = thread::current();
    let test = test.name().unwrap_or("a test");
    let line = format!("{test} skipped: seaweedfs is not installed (run tests/run)\n");
    io::stderr().write_all(line.as_bytes())
}

/// Cargo's target folder, which also holds what `tests/run` installs.
fn target() -> &'static Path {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    scratch.parent().unwrap_or(scratch)
}

#[test]
fn the_server_keeps_objects_and_asks_for_signatures() -> io::Result<()> {
    let Some(s3) = S3::start()? else { return Ok(()) };
    assert_eq!(s3.bucket("support")?, "s3://support");
    s3.put("support", "a/b.txt", b"kept")?;
    assert_eq!(s3.get("support", "a/b.txt")?, b"kept");
    assert!(s3.get("support", "a/c.txt").is_err());
    assert_eq!(request(s3.ports.s3, "GET", "/support/a/b.txt", b"")?.0, 403);
    Ok(())
}
