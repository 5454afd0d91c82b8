//! What is selected: the source's `sql:`, then its `where:`.

use super::SourceSpec;
use crate::{
    Subject, TableError,
    expression::{self, Purpose},
    nearest,
    plain::rewrite,
};
use datafusion::{
    catalog::TableProvider,
    error::DataFusionError,
    logical_expr::{ExprSchemable, LogicalPlan, LogicalPlanBuilder},
    prelude::{SQLOptions, SessionContext},
    sql::{parser::Statement, sqlparser::ast::Statement as Sql},
};
use std::sync::Arc;

/// The query, then the condition.
pub(crate) async fn plan(
    session: &SessionContext,
    table: Arc<dyn TableProvider>,
    spec: &SourceSpec,
) -> Result<LogicalPlan, TableError> {
    let schema = table.schema();
    let columns = || nearest::columns(&schema);
    let in_sql = |error: DataFusionError| rewrite(Subject::Sql, &error, columns());
    for name in ["source", "leads"] {
        session.register_table(name, table.clone()).map_err(in_sql)?;
    }
    let query = spec.sql.as_deref().unwrap_or("SELECT * FROM source");
    let query = select(session, query).await.map_err(in_sql)?;
    expression::check_query(&query)?;
    let Some(filter) = &spec.filter else { return Ok(query) };
    let in_filter = |error: DataFusionError| {
        let names = query.schema().fields().iter().map(|field| field.name().as_str());
        rewrite(Subject::Filter, &error, names)
    };
    let condition = session.state().create_logical_expr(filter, query.schema());
    let condition = condition.map_err(in_filter)?;
    expression::check(Subject::Filter, &condition, Purpose::Select)?;
    let kind = condition.get_type(query.schema()).map_err(in_filter)?;
    expression::check_condition(Subject::Filter, &kind)?;
    LogicalPlanBuilder::from(query.clone())
        .filter(condition)
        .and_then(LogicalPlanBuilder::build)
        .map_err(in_filter)
}

/// Plans a query that reads, and nothing else.
async fn select(
    session: &SessionContext,
    sql: &str,
) -> Result<LogicalPlan, DataFusionError> {
    let state = session.state();
    let statement =
        state.sql_to_statement(sql, &state.config_options().sql_parser.dialect)?;
    let refused = || DataFusionError::Plan("Only SELECT is possible here".into());
    let Statement::Statement(query) = &statement else { return Err(refused()) };
    if !matches!(query.as_ref(), Sql::Query(_)) {
        return Err(refused());
    }
    let plan = state.statement_to_plan(statement).await?;
    let only_select = SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false);
    only_select.verify_plan(&plan).map_err(|_| refused())?;
    Ok(plan)
}
