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
    io::{self, BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio, id},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

/// What the server asks for.
pub(crate) const PASSWORD: &str = "not+a/secret";

/// The server that is running, if a test holds it.
static RUNNING: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());

/// How many servers were started.
static STARTED: AtomicU32 = AtomicU32::new(0);

/// A running server. It is stopped when the last test lets go of it, and also when the tests' process
/// dies without doing so.
#[derive(Debug)]
pub(crate) struct Postgres {
    shell: Child,
    says: BufReader<ChildStdout>,
    folder: PathBuf,
    /// As it stands in an address.
    host: String,
}

impl Postgres {
    /// The server; `None`, after naming the test that is skipped, where Postgres is not installed.
    pub(crate) fn start() -> io::Result<Option<Arc<Self>>> {
        let Some(programs) = programs() else { return skip().map(|()| None) };
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(postgres) = running.upgrade() {
            return Ok(Some(postgres));
        }
        let port = || {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            Ok::<_, io::Error>(listener.local_addr()?.port())
        };
        // Between being found free and being taken, a port may go to another test.
        let postgres = Self::launch(&programs, Some(port()?))
            .or_else(|_| Self::launch(&programs, Some(port()?)))?;
        let postgres = Arc::new(postgres);
        *running = Arc::downgrade(&postgres);
        Ok(Some(postgres))
    }

    /// A server of a test's own, which it may [restart](Self::restart). It listens in its folder: a port could go to
    /// another test while it is down.
    pub(crate) fn start_alone() -> io::Result<Option<Self>> {
        match programs() {
            Some(programs) => Self::launch(&programs, None).map(Some),
            None => skip().map(|()| None),
        }
    }

    /// Stops the server and starts it again, `fast` or `immediate`: by `pg_ctl restart --mode`. It takes connections
    /// again when this returns.
    pub(crate) fn restart(&mut self, mode: &str) -> io::Result<()> {
        if let Some(stdin) = &mut self.shell.stdin {
            writeln!(stdin, "{mode}")?;
        }
        self.wait()
    }

    /// The address of the database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres:not%2Ba%2Fsecret@{}/postgres", self.host)
    }

    /// The address of a state in a schema of its own.
    pub(crate) fn schema(&self, name: &str) -> String {
        format!("{}?sslmode=disable&schema={name}", self.url())
    }

    /// The certificate by which the server proves to be `localhost`.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.join("server.crt")
    }

    fn launch(programs: &Path, port: Option<u16>) -> io::Result<Self> {
        let nth = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("leadmill-postgres-{}-{nth}", id()));
        fs::create_dir(&folder)?;
        fs::write(folder.join("password"), PASSWORD)?;
        let host = match port {
            Some(port) => format!("localhost:{port}"),
            None => folder.display().to_string().replace('/', "%2F"),
        };
        let mut shell = Command::new("sh")
            .args(["-c", SERVE, "sh"])
            .arg(programs)
            .args(port.map(|port| port.to_string()))
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = shell.stdout.take();
        let stdout = stdout.ok_or_else(|| io::Error::other("no standard output"))?;
        let mut postgres = Self { shell, says: BufReader::new(stdout), folder, host };
        postgres.wait().map(|()| postgres)
    }

    /// Waits until the server takes connections.
    fn wait(&mut self) -> io::Result<()> {
        if self.says.read_line(&mut String::new())? > 0 {
            return Ok(());
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        Err(io::Error::other(format!("postgres does not start: {log}")))
    }
}

impl Drop for Postgres {
    /// Closes the pipe to the shell, at which it stops the server, waits for that, and tidies up.
    fn drop(&mut self) {
        self.shell.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Runs the server until standard input ends, however the tests' process ended; a line of it is the mode of a restart.
/// Says when the server takes connections. It refuses to run as root.
const SERVE: &str = r#"
trap '' HUP INT TERM
exec 3<&0 4>&1 >log 2>&1 </dev/null
programs=$1 port=$2 as=
if [ "$(id -u)" = 0 ]; then
    chown -R postgres . && as='setpriv --reuid=postgres --regid=postgres --clear-groups'
fi
export HOME="$PWD"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE -keyout server.key -out server.crt
chmod 600 server.key && [ -z "$as" ] || chown postgres server.key server.crt
$as "$programs/initdb" -D data -U postgres -A scram-sha-256 --pwfile=password -E UTF8 --no-locale
cat >>data/postgresql.conf <<SETTINGS
listen_addresses = '${port:+127.0.0.1}'
port = ${port:-5432}
unix_socket_directories = '$([ -n "$port" ] || pwd)'
max_connections = 200
ssl = on
ssl_cert_file = '../server.crt'
ssl_key_file = '../server.key'
SETTINGS
control() {
    $as "$programs/pg_ctl" -D data -w -t 60 "$@" 3<&- 4>&-
}
control start && echo ready >&4 || exit
while read -r mode <&3; do
    control restart -m "$mode" && echo ready >&4 || break
done
control stop -m immediate
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
