//! `/api/v1/employees`: see api.md.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::filed::{filed, instant, listed};
use super::refused::{nullable, present};
use crate::app::people::{self, Imported, change_employee, create_employee, import_employees};
use crate::app::{App, Change, Permission};
use crate::storage::employees;
use crate::web::{Authed, Json, Lines, List, Page, Path, Problem, Query, Web};

/// Largest CSV file, bytes.
pub(super) const CSV_MAX: usize = 16 * 1024 * 1024;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(post_employee, list_employees))
        .routes(routes!(get_employee, patch_employee))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(post_import))
                .layer(DefaultBodyLimit::max(CSV_MAX)),
        )
}

/// Somebody to take on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEmployee {
    /// 1–40 letters, digits, `-`, `_`, `.`; unique whatever its case.
    #[schema(example = "E001")]
    code: String,
    #[schema(example = "张三")]
    name: String,
    email: Option<String>,
    phone: Option<String>,
    /// What they may be called on boards.
    nickname: Option<String>,
    /// A team's name; founded when unknown.
    team: Option<String>,
    /// First working day.
    #[schema(value_type = Option<String>, format = Date)]
    hired_on: Option<Date>,
}

/// What is to change of an employee; absent fields stay, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmployeeChange {
    #[serde(default, deserialize_with = "present")]
    name: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    email: Change<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    phone: Change<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    nickname: Change<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = Date)]
    hired_on: Change<Date>,
    /// Last working day: links earn up to it.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = Date)]
    left_on: Change<Date>,
    /// The new team.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    team: Change<String>,
    /// First day in the new team; today unless said.
    #[schema(value_type = Option<String>, format = Date)]
    effective_on: Option<Date>,
}

/// An employee.
#[derive(Debug, Serialize, ToSchema)]
pub struct Employee {
    id: i64,
    code: String,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    nickname: Option<String>,
    /// Today's team, or the next one.
    team: Option<String>,
    #[schema(value_type = Option<String>, format = Date)]
    hired_on: Option<Date>,
    #[schema(value_type = Option<String>, format = Date)]
    left_on: Option<Date>,
    created_at: Timestamp,
}

impl From<employees::Employee> for Employee {
    fn from(e: employees::Employee) -> Self {
        Self {
            id: e.id.0,
            code: e.code,
            name: e.facts.name,
            email: e.facts.email,
            phone: e.facts.phone,
            nickname: e.facts.nickname,
            team: e.team,
            hired_on: e.facts.hired_on,
            left_on: e.facts.left_on,
            created_at: instant(e.created_at),
        }
    }
}

/// What the list is narrowed to.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct EmployeeFilter {
    /// Found in code or name.
    q: Option<String>,
    /// How many at most.
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Takes somebody on.
#[utoipa::path(
    post, path = "/employees", tag = "people", request_body = NewEmployee,
    responses(
        (status = 201, body = Employee, description = "Taken on"),
        (status = 200, body = Employee, description = "Known: the same content again"),
    ),
)]
async fn post_employee(
    State(app): State<App>,
    authed: Authed,
    Json(new): Json<NewEmployee>,
) -> Result<(StatusCode, Json<Employee>), Problem> {
    let actor = authed.need(Permission::WritePeople)?;
    let new = people::NewEmployee {
        code: new.code,
        name: new.name,
        email: new.email,
        phone: new.phone,
        nickname: new.nickname,
        team: new.team,
        hired_on: new.hired_on,
    };
    Ok(filed(create_employee(&app, actor, &new).await?))
}

/// Employees, oldest record first.
#[utoipa::path(
    get, path = "/employees", tag = "people", params(EmployeeFilter),
    responses((status = 200, body = List<Employee>)),
)]
async fn list_employees(
    State(app): State<App>,
    authed: Authed,
    Query(filter): Query<EmployeeFilter>,
) -> Result<Json<List<Employee>>, Problem> {
    authed.need(Permission::ReadTracker)?;
    let page = Page {
        limit: filter.limit,
        cursor: filter.cursor,
    };
    let (limit, after) = (page.limit()?, page.after_id()?);
    let rows = app
        .store
        .employees(filter.q.as_deref(), after, limit + 1, app.today())
        .await?;
    Ok(listed(rows, limit, |e| e.id.0))
}

/// One employee.
#[utoipa::path(
    get, path = "/employees/{code}", tag = "people", params(("code" = String, Path, description = "Employee code")),
    responses((status = 200, body = Employee)),
)]
async fn get_employee(
    State(app): State<App>,
    Authed(actor): Authed,
    Path(code): Path<String>,
) -> Result<Json<Employee>, Problem> {
    let found = app.store.employee(&code, app.today()).await?;
    let own = |id| actor.may(Permission::Own) && actor.employee() == Some(id);
    let found = found.filter(|e| actor.may(Permission::ReadTracker) || own(e.id));
    found
        .map(|e| Json(e.into()))
        .ok_or_else(|| Problem::not_found(format!("employee {code:?}")))
}

/// Changes somebody's record, team or last working day.
#[utoipa::path(
    patch, path = "/employees/{code}", tag = "people", params(("code" = String, Path, description = "Employee code")),
    request_body = EmployeeChange,
    responses((status = 200, body = Employee)),
)]
async fn patch_employee(
    State(app): State<App>,
    authed: Authed,
    Path(code): Path<String>,
    Json(change): Json<EmployeeChange>,
) -> Result<Json<Employee>, Problem> {
    let actor = authed.need(Permission::WritePeople)?;
    let changes = people::EmployeeChanges {
        name: change.name,
        email: change.email,
        phone: change.phone,
        nickname: change.nickname,
        hired_on: change.hired_on,
        left_on: change.left_on,
        team: change.team,
        effective_on: change.effective_on,
    };
    Ok(Json(change_employee(&app, actor, &code, &changes).await?.into()))
}

/// Takes people out of a CSV file: UTF-8 or GB18030, headers in Chinese or English (工号, 姓名, 邮箱, 手机, 部门, 入职日期,
/// 离职日期, 昵称). Known codes are updated, empty cells leave what is known; the same file again changes nothing.
#[utoipa::path(
    post, path = "/employees/import", tag = "people",
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = Imported)),
)]
async fn post_import(
    State(app): State<App>,
    authed: Authed,
    Lines(file): Lines,
) -> Result<Json<Imported>, Problem> {
    let actor = authed.need(Permission::WritePeople)?;
    Ok(Json(import_employees(&app, actor, &file).await?))
}
