//! A real Postgres server on this machine, one for all the tests that run at a time.
//!
//! Tests keep apart by their schemas:
//!
//! ```ignore
//! let Some(postgres) = Postgres::start()? else { return Ok(()) };
//! let state = postgres.schema("nightly");            // postgres://…?schema=nightly
//! ```

use std::{
    env, fs,
    io::{self, Write},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio, id},
    sync::{Arc, Mutex, PoisonError, Weak},
    thread,
    time::Duration,
};

/// What the server asks for.
pub(crate) const PASSWORD: &str = "not+a/secret";

/// The server that is running, if a test holds it.
static RUNNING: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());

/// A running server. It is stopped when the last test lets go of it, and also when the tests' process
/// dies without doing so.
#[derive(Debug)]
pub(crate) struct Postgres {
    shell: Child,
    folder: PathBuf,
    port: u16,
}

impl Postgres {
    /// The server; `None`, after naming the test that is skipped, where Postgres is not installed.
    pub(crate) fn start() -> io::Result<Option<Arc<Self>>> {
        let Some(programs) = programs() else { return skip().map(|()| None) };
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(postgres) = running.upgrade() {
            return Ok(Some(postgres));
        }
        // Between being found free and being taken, a port may go to another test.
        let postgres = Self::launch(&programs).or_else(|_| Self::launch(&programs))?;
        let postgres = Arc::new(postgres);
        *running = Arc::downgrade(&postgres);
        Ok(Some(postgres))
    }

    /// The address of the database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres:not%2Ba%2Fsecret@localhost:{}/postgres", self.port)
    }

    /// The address of a state in a schema of its own.
    pub(crate) fn schema(&self, name: &str) -> String {
        format!("{}?sslmode=disable&schema={name}", self.url())
    }

    /// The certificate by which the server proves to be `localhost`.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.join("server.crt")
    }

    fn launch(programs: &Path) -> io::Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let folder = env::temp_dir().join(format!("leadmill-postgres-{}-{port}", id()));
        fs::create_dir(&folder)?;
        fs::write(folder.join("password"), PASSWORD)?;
        let shell = Command::new("sh")
            .args(["-c", SERVE, "sh"])
            .arg(programs)
            .arg(port.to_string())
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Self { shell, folder, port }.once_ready(programs)
    }

    /// Waits until the server takes connections, for half a minute at most.
    fn once_ready(mut self, programs: &Path) -> io::Result<Self> {
        for _ in 0..600 {
            if self.shell.try_wait()?.is_some() {
                break;
            }
            let ready = Command::new(programs.join("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
                .status()?;
            if ready.success() {
                return Ok(self);
            }
            thread::sleep(Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        Err(io::Error::other(format!("postgres does not start: {log}")))
    }
}

impl Drop for Postgres {
    /// Closes the pipe to the shell, at which it stops the server, and waits for it to tidy up.
    fn drop(&mut self) {
        self.shell.wait().ok();
    }
}

/// Runs the server until standard input ends, however this process ended. It refuses to run as root.
const SERVE: &str = r#"
exec 3<&0 >log 2>&1
as=
if [ "$(id -u)" = 0 ]; then
    chown -R postgres . && as='setpriv --reuid=postgres --regid=postgres --clear-groups'
fi
export HOME="$PWD"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE -keyout server.key -out server.crt
chmod 600 server.key && [ -z "$as" ] || chown postgres server.key server.crt
$as "$1/initdb" -D data -U postgres -A scram-sha-256 --pwfile=password -E UTF8 --no-locale
$as "$1/postgres" -D data -p "$2" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c max_connections=200 -c ssl=on -c ssl_cert_file="$PWD/server.crt" -c ssl_key_file="$PWD/server.key" &
server=$!
{ read -r _ <&3; kill -QUIT "$server"; } &
wait "$server"
kill "$!"
cd / && rm -rf "$HOME"
"#;

/// The folder of the newest server that is installed.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    found.sort();
    let on_path =
        env::split_paths(&env::var_os("PATH").unwrap_or_default()).find(|folder| {
            folder.join("initdb").exists() && folder.join("postgres").exists()
        });
    found.pop().map(|(_, folder)| folder).or(on_path)
}

/// Says so past the test harness, which keeps what passing tests print to itself.
fn skip() -> io::Result<()> {
    let test = thread::current();
    let test = test.name().unwrap_or("a test");
    let line = format!("{test} skipped: postgres is not installed (run tests/run)\n");
    io::stderr().write_all(line.as_bytes())
}
