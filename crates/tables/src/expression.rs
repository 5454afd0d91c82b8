//! What SQL may do here: choose and compute, the same every time.

use crate::{Subject, TableError, plain::type_name};
use arrow::datatypes::DataType;
use datafusion::{
    common::tree_node::{TreeNode, TreeNodeRecursion},
    logical_expr::{Expr, LogicalPlan, Volatility},
};

/// What an expression is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It selects leads: planned once for all passes, so the time may be asked.
    Select,
    /// It asks a question of one row: the same row must always ask the same.
    Ask,
}

/// Refuses what sees more than its row, or differs from time to time.
pub(crate) fn check(
    subject: Subject,
    expression: &Expr,
    purpose: Purpose,
) -> Result<(), TableError> {
    let mut problem = None;
    let walked = expression.apply(|part| {
        problem = offence(part, purpose);
        Ok(match problem {
            Some(_) => TreeNodeRecursion::Stop,
            None => TreeNodeRecursion::Continue,
        })
    });
    match (problem, walked) {
        (Some(problem), _) => Err(TableError::new(subject, problem)),
        (None, Err(_)) => Err(TableError::new(subject, "it cannot be understood")),
        (None, Ok(_)) => Ok(()),
    }
}

fn offence(part: &Expr, purpose: Purpose) -> Option<String> {
    match part {
        Expr::AggregateFunction(call) => {
            Some(format!("{} sees more than one row", call.func.name()))
        }
        Expr::WindowFunction(call) => {
            Some(format!("{} sees more than one row", call.fun.name()))
        }
        Expr::ScalarSubquery(_)
        | Expr::InSubquery(_)
        | Expr::Exists(_)
        | Expr::SetComparison(_)
        | Expr::OuterReferenceColumn(..) => {
            Some("a subquery is only possible in the source's sql:".to_owned())
        }
        Expr::Placeholder(place) => Some(format!("{} stands for no value", place.id)),
        Expr::ScalarVariable(..) => Some("variables are not available".to_owned()),
        Expr::ScalarFunction(call) => {
            let varies = match call.func.signature().volatility {
                Volatility::Immutable => false,
                Volatility::Stable => purpose == Purpose::Ask,
                Volatility::Volatile => true,
            };
            let name = call.func.name();
            varies.then(|| format!("{name}() gives another answer each time it is asked"))
        }
        _ => None,
    }
}

/// Refuses a query whose rows would differ from pass to pass.
pub(crate) fn check_query(query: &LogicalPlan) -> Result<(), TableError> {
    let mut problem = None;
    let walked = query.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                if let Expr::ScalarFunction(call) = part
                    && call.func.signature().volatility == Volatility::Volatile
                {
                    problem = offence(part, Purpose::Select);
                    return Ok(TreeNodeRecursion::Stop);
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    match (problem, walked) {
        (Some(problem), _) => Err(TableError::new(Subject::Sql, problem)),
        (None, Err(_)) => Err(TableError::new(Subject::Sql, "it cannot be understood")),
        (None, Ok(_)) => Ok(()),
    }
}

/// Refuses a condition that is neither true nor false.
pub(crate) fn check_condition(
    subject: Subject,
    kind: &DataType,
) -> Result<(), TableError> {
    match kind {
        DataType::Boolean | DataType::Null => Ok(()),
        other => {
            let other = type_name(other);
            let message =
                format!("a condition must be true or false, and this is {other}");
            Err(TableError::new(subject, message))
        }
    }
}
