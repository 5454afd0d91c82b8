//! The tables, and the refusal to touch those of a newer version.

use super::session::{Session, lock_key};
use crate::{StateError, VERSION};

/// `state` is one row: the version, and the last record of the journal.
fn tables(schema: &str) -> String {
    format!(
        "
CREATE TABLE {schema}.state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL,
    seq bigint NOT NULL,
    sum bigint NOT NULL
);
CREATE TABLE {schema}.runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL,
    pipeline text NOT NULL,
    opened_at bigint NOT NULL,
    closed_at bigint,
    summary text
);
CREATE INDEX runs_by_key ON {schema}.runs (key);
CREATE TABLE {schema}.journal (
    seq bigint PRIMARY KEY,
    at bigint NOT NULL,
    run bigint NOT NULL,
    batch bigint NOT NULL,
    event text NOT NULL,
    body text NOT NULL,
    bytes bytea,
    sum bigint NOT NULL
);
CREATE TABLE {schema}.slots (purse text PRIMARY KEY, body text NOT NULL);
CREATE TABLE {schema}.sends (process bigint NOT NULL, at bigint NOT NULL, record bytea NOT NULL);
CREATE INDEX sends_by_process ON {schema}.sends (process, at);
CREATE TABLE {schema}.hints (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch bigint NOT NULL,
    job text NOT NULL,
    kind text NOT NULL,
    UNIQUE (batch, job, kind)
);
CREATE TABLE {schema}.secrets (name text PRIMARY KEY, value bytea NOT NULL);
INSERT INTO {schema}.state (version, seq, sum) VALUES ({VERSION}, 0, 0);
"
    )
}

/// Who has taken up which batch, the latest last; and how often each run was begun, or lost a batch to another.
fn claims(schema: &str) -> String {
    format!(
        "
CREATE TABLE IF NOT EXISTS {schema}.claims (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch bigint NOT NULL,
    run bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS {schema}.fences (run bigint PRIMARY KEY, passed bigint NOT NULL);"
    )
}

/// Creates or checks the tables.
pub(super) async fn open(session: &Session) -> Result<(), StateError> {
    let schema = session.schema();
    let mut client = session.client().await;
    let transaction = client.transaction().await?;
    // Who else creates them waits.
    let opening = lock_key(schema, "opening");
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&opening]).await?;
    let has_schema = "SELECT to_regnamespace($1) IS NOT NULL";
    if !transaction.query_one(has_schema, &[&schema]).await?.try_get::<_, bool>(0)? {
        transaction.batch_execute(&format!("CREATE SCHEMA {schema}")).await?;
    }
    match version(&transaction, schema).await? {
        None => transaction.batch_execute(&tables(schema)).await?,
        Some(VERSION) => {}
        // 4: a job whose fetch is the paid act is authorized first. 5: a question in doubt is asked again, and a person resolves what was settled without an
        // answer. No older version can read either, and one that is still at work writes nothing more.
        Some(3 | 4) => {
            let update = format!("UPDATE {schema}.state SET version = {VERSION}");
            transaction.batch_execute(&update).await?;
        }
        Some(found) if found > VERSION => {
            return Err(StateError::Newer { found, known: VERSION });
        }
        // The first version that was ever written here is the present one.
        Some(found) => {
            return Err(StateError::Corrupt(format!("it has the version {found}")));
        }
    }
    transaction.batch_execute(&claims(schema)).await?;
    transaction.commit().await?;
    Ok(())
}

/// Checks the tables, and lets nothing be changed. `false` if there are none.
pub(super) async fn look(session: &Session) -> Result<bool, StateError> {
    let client = session.client().await;
    client.batch_execute("SET default_transaction_read_only = on").await?;
    match version(&**client, session.schema()).await? {
        None => Ok(false),
        Some(VERSION) => Ok(true),
        Some(found) if found < VERSION => Err(StateError::Older),
        Some(found) => Err(StateError::Newer { found, known: VERSION }),
    }
}

async fn version(
    client: &impl tokio_postgres::GenericClient,
    schema: &str,
) -> Result<Option<i64>, StateError> {
    let has_table = "SELECT to_regclass($1) IS NOT NULL";
    let table = format!("{schema}.state");
    if !client.query_one(has_table, &[&table]).await?.try_get::<_, bool>(0)? {
        return Ok(None);
    }
    let version = client.query_one(&format!("SELECT version FROM {table}"), &[]).await?;
    Ok(Some(version.try_get(0)?))
}
