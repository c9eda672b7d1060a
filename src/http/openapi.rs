//! The API document: its frame, and what every operation shares.

use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{self, ContentBuilder, Ref, RefOr, ResponseBuilder};

use super::code::Code;
use super::problem::{FieldErrorDocument, PROBLEM_JSON, ProblemDocument};

/// The scheme that every operation asks for unless it says otherwise.
const BEARER: &str = "bearer";
/// The response that every refusal is.
const PROBLEM: &str = "Problem";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "phocho",
        description = "Makes a market street cashless and shows honestly whether it worked.\n\n\
            Amounts are whole đồng in fields that end in `_vnd`; times are RFC 3339 with +07:00; \
            unknown fields, unknown parameters and repeated JSON keys are refused by name; \
            errors are RFC 9457 problem documents in Vietnamese or English by \
            `Accept-Language`, and `type` leads to a page that explains the code. Lists are \
            read page by page with `limit` and `cursor`. Every answer carries `X-Request-Id`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "This server")),
    components(schemas(ProblemDocument, FieldErrorDocument, Code)),
    tags(
        (name = "bank in", description = "For banks and aggregators: signed notices."),
        (name = "trial", description = "For a bank's engineer: invented notices, what became of each and why, and a report."),
        (name = "access", description = "Who may do what, what was done, and what needs attention."),
        (name = "registry", description = "Where people trade, who trades there, and where their money goes."),
        (name = "codes", description = "What the customer scans."),
        (name = "money", description = "What the banks said and what it was taken for."),
        (name = "adoption", description = "Whether it worked: figures with their denominators."),
        (name = "live", description = "What happened, as it happens."),
        (name = "operation", description = "For whoever runs it."),
    ),
)]
struct Frame;

/// The document without operations.
pub fn frame() -> openapi::OpenApi {
    let mut document = Frame::openapi();
    // utoipa fills in the package's author, which is empty.
    document.info.contact = None;
    document
}

/// The whole document, as committed and served.
pub fn document() -> openapi::OpenApi {
    complete(super::routes::operations().into_openapi())
}

/// Adds what every operation shares: who may call, and how it refuses.
pub fn complete(mut document: openapi::OpenApi) -> openapi::OpenApi {
    let components = document.components.get_or_insert_default();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "A token, shown once when it was made: `Authorization: Bearer …`.",
        ))
        .build();
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    let schema = Ref::from_schema_name(PROBLEM);
    let problem = ResponseBuilder::new()
        .description("The refusal; `code` says which, `errors` where.")
        .content(
            PROBLEM_JSON,
            ContentBuilder::new().schema(Some(schema)).build(),
        )
        .build();
    components
        .responses
        .insert(PROBLEM.to_owned(), problem.into());
    document.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(
        BEARER,
        [],
    )]);
    for item in document.paths.paths.values_mut() {
        for operation in operations_mut(item) {
            add_refusals(operation);
        }
    }
    document
}

/// Every refusal that an operation of this shape can give, where it does not tell itself.
fn add_refusals(operation: &mut Operation) {
    let mut statuses = vec!["429", "500", "503"];
    if operation.request_body.is_some() {
        statuses.extend(["400", "408", "413", "415", "422"]);
    }
    let parameters = operation.parameters.iter().flatten();
    for parameter in parameters {
        match parameter {
            RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Path => {
                statuses.push("404");
            }
            _ => statuses.push("400"),
        }
    }
    // An operation open to all says so with an empty requirement.
    if operation.security.is_none() {
        statuses.extend(["401", "403"]);
    }
    for status in statuses {
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::Ref(Ref::from_response_name(PROBLEM)));
    }
}

fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}

/// The document as it is committed and served.
pub fn to_yaml(document: &openapi::OpenApi) -> String {
    let mut yaml = document.to_yaml().expect("the document is plain data");
    yaml.push('\n');
    yaml
}
