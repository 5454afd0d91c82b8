//! DataFusion, set up so that it changes nothing and repeats itself exactly.

use datafusion::{
    error::DataFusionError,
    execution::{memory_pool::FairSpillPool, runtime_env::RuntimeEnvBuilder},
    prelude::{SessionConfig, SessionContext},
};
use std::sync::Arc;

/// Rows of a batch.
pub(crate) const BATCH_ROWS: usize = 8192;

/// Memory that sorts, joins and groups of a source's `sql:` may hold before they spill.
const MEMORY: usize = 512 << 20;

/// A session with one partition, exact types and filters that reach into Parquet.
pub(crate) fn session() -> Result<SessionContext, DataFusionError> {
    let mut config = SessionConfig::new()
        .with_target_partitions(1)
        .with_batch_size(BATCH_ROWS)
        .with_repartition_file_scans(false)
        .with_round_robin_repartition(false)
        .with_information_schema(false);
    let options = config.options_mut();
    options.execution.collect_statistics = false;
    options.execution.enable_file_stream_work_stealing = false;
    options.execution.parquet.pushdown_filters = true;
    options.execution.parquet.schema_force_view_types = false;
    options.execution.parquet.skip_metadata = false;
    options.sql_parser.map_string_types_to_utf8view = false;
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(MEMORY)))
        .build_arc()?;
    Ok(SessionContext::new_with_config_rt(config, runtime))
}
