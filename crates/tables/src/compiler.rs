//! SQL becomes what can be computed for a row.

use crate::{
    Subject, TableError,
    expression::{Purpose, check, check_condition},
    nearest,
    plain::{rewrite, type_name},
    session::session,
};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::{
    common::DFSchema,
    error::DataFusionError,
    logical_expr::{Expr, simplify::SimplifyContext},
    optimizer::simplify_expressions::ExprSimplifier,
    physical_plan::PhysicalExpr,
    prelude::SessionContext,
};
use std::sync::Arc;

/// Compiles expressions against the columns of one schema.
pub(crate) struct Compiler<'a> {
    session: SessionContext,
    schema: &'a SchemaRef,
    columns: DFSchema,
}

/// An expression that can be computed.
pub(crate) type Compiled = Result<Arc<dyn PhysicalExpr>, TableError>;

impl<'a> Compiler<'a> {
    /// For the columns of a schema.
    pub(crate) fn new(schema: &'a SchemaRef) -> Result<Self, TableError> {
        let told = |error: DataFusionError| rewrite(Subject::Location, &error, []);
        let columns = DFSchema::try_from(schema.clone()).map_err(told)?;
        Ok(Self { session: session().map_err(told)?, schema, columns })
    }

    /// What is true or false.
    pub(crate) fn condition(&self, subject: Subject, sql: &str) -> Compiled {
        let told = |error| self.told(subject, &error);
        let expression = self.session.parse_sql_expr(sql, &self.columns).map_err(told)?;
        check(subject, &expression, Purpose::Ask)?;
        let compiled = self.compile(expression).map_err(told)?;
        let kind = compiled.data_type(self.schema).map_err(told)?;
        check_condition(subject, &kind)?;
        Ok(compiled)
    }

    /// What is text.
    pub(crate) fn text(&self, subject: Subject, sql: &str) -> Compiled {
        let told = |error| self.told(subject, &error);
        let expression = self.session.parse_sql_expr(sql, &self.columns).map_err(told)?;
        check(subject, &expression, Purpose::Ask)?;
        let compiled = self.compile(expression).map_err(told)?;
        let kind = compiled.data_type(self.schema).map_err(told)?;
        match is_text(&kind) {
            true => Ok(compiled),
            false => {
                let kind = type_name(&kind);
                let message = format!("an input must be text, and this is {kind}");
                Err(TableError::new(subject, message)
                    .hint(format!("write CAST({} AS VARCHAR)", sql.trim())))
            }
        }
    }

    /// Some functions, such as `coalesce`, exist only until they are simplified to others.
    fn compile(
        &self,
        expression: Expr,
    ) -> Result<Arc<dyn PhysicalExpr>, DataFusionError> {
        let state = self.session.state();
        let columns = Arc::new(self.columns.clone());
        let options = Arc::clone(state.config_options());
        let rules =
            SimplifyContext::builder().with_schema(columns).with_config_options(options);
        let simplifier = ExprSimplifier::new(rules.build());
        let expression =
            simplifier.simplify(simplifier.coerce(expression, &self.columns)?)?;
        self.session.create_physical_expr(expression, &self.columns)
    }

    fn told(&self, subject: Subject, error: &DataFusionError) -> TableError {
        rewrite(subject, error, nearest::columns(self.schema))
    }
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}
