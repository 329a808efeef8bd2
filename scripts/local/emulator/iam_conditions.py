"""IAM policy variables, dynamodb:LeadingKeys and kms:EncryptionContext, which ministack's evaluator leaves out.

Without them a policy that guards a tenant's items is either always or never satisfied, and no test could show that
the guard holds. Sources: "IAM policy elements: variables and tags", "Using IAM policy conditions for fine-grained
access control" (DynamoDB) and "AWS KMS condition keys".
"""

import contextvars
import dataclasses
import json
import re

from ministack.core import iam_actions, iam_evaluator

_VARIABLE = re.compile(r"\$\{\s*([A-Za-z0-9-]+:[^,}]+?)\s*(?:,\s*'([^']*)')?\s*\}")
# What a variable without a value becomes: no request value and no ARN holds it.
_NO_VALUE = "\x00no value\x00"
_TRANSACTION_MEMBERS = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Get": "dynamodb:GetItem",
}

_request: contextvars.ContextVar[tuple[str, bytes] | None] = contextvars.ContextVar("chartlock_request", default=None)


def install() -> None:
    """Puts the additions in place of the evaluator's own functions."""
    first_match, conditions_met = iam_evaluator._first_match, iam_evaluator._conditions_met
    enforce, extract = iam_evaluator.enforce, iam_actions.extract_resource_arn
    resolve_key = iam_evaluator._resolve_condition_key

    def resolve_key_with_role(key, ctx):
        return _role_arn(ctx) if key.lower() == "aws:principalarn" else resolve_key(key, ctx)


    def first_match_with_variables(ctx, stmts, effect):
        return first_match(ctx, [_resolved(stmt, ctx) for stmt in stmts], effect)

    def conditions_met_with_variables(conditions, ctx):
        return conditions_met(
            {
                operator: {key: _substitute(values, ctx) for key, values in block.items()}
                if isinstance(block, dict)
                else block
                for operator, block in (conditions or {}).items()
            },
            ctx,
        )

    def extract_and_remember(service, method, path, headers, body, *rest):
        _request.set((service, body))
        return extract(service, method, path, headers, body, *rest)

    def enforce_with_keys(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
        context = {**(service_context or {}), **_context_keys(iam_action, service, resource_arn)}
        return enforce(access_key_id, iam_action, service, region, resource_arn, context)

    iam_evaluator._resolve_condition_key = resolve_key_with_role
    iam_evaluator._first_match = first_match_with_variables
    iam_evaluator._conditions_met = conditions_met_with_variables
    iam_evaluator.enforce = enforce_with_keys
    iam_actions.extract_resource_arn = extract_and_remember


def _role_arn(ctx):
    """aws:PrincipalArn of a role's session is the role's ARN, path included, not the session's."""
    from ministack.services import iam

    if ":assumed-role/" not in ctx.principal_arn:
        return ctx.principal_arn
    role = iam._roles.get_scoped(ctx.principal_account, None, ctx.principal_arn.split("/")[1])
    return role["Arn"] if role else ctx.principal_arn


def _resolved(stmt, ctx):
    if not any("${" in arn for arn in (*stmt.resources, *stmt.not_resources)):
        return stmt
    return dataclasses.replace(
        stmt, resources=_substitute(stmt.resources, ctx), not_resources=_substitute(stmt.not_resources, ctx)
    )


def _substitute(value, ctx):
    if isinstance(value, list):
        return [_substitute(entry, ctx) for entry in value]
    if not isinstance(value, str) or "${" not in value:
        return value

    def resolve(match):
        found = iam_evaluator._resolve_condition_key(match[1], ctx)
        if found is None:
            found = match[2] if match[2] is not None else _NO_VALUE
        return _NO_VALUE if isinstance(found, list) else str(found)

    return _VARIABLE.sub(resolve, value)


def _context_keys(iam_action, service, resource_arn):
    request = _request.get()
    if request is None or request[0] != service or service not in ("dynamodb", "kms"):
        return {}
    try:
        data = json.loads(request[1] or b"{}")
    except (ValueError, TypeError):
        return {}
    if not isinstance(data, dict):
        return {}
    if service == "kms":
        pairs = data.get("EncryptionContext") or data.get("SourceEncryptionContext") or {}
        if not isinstance(pairs, dict) or not pairs:
            return {}
        return {"kms:EncryptionContextKeys": list(pairs)} | {
            f"kms:EncryptionContext:{name}": value for name, value in pairs.items()
        }
    keys = _leading_keys(iam_action, data, resource_arn)
    return {"dynamodb:LeadingKeys": keys} if keys else {}


def _leading_keys(iam_action, data, resource_arn):
    """The partition key values that the request names in the table or index of resource_arn."""
    names = []
    if isinstance(data.get("TransactItems"), list):
        for item in data["TransactItems"]:
            for member, action in _TRANSACTION_MEMBERS.items():
                detail = item.get(member) if isinstance(item, dict) else None
                if isinstance(detail, dict) and action == iam_action and _is_table(detail.get("TableName"), resource_arn):
                    names.append(_key_value(detail.get("Key") or detail.get("Item"), resource_arn))
    elif isinstance(data.get("RequestItems"), dict):
        for table, detail in data["RequestItems"].items():
            if not _is_table(table, resource_arn):
                continue
            if isinstance(detail, dict):
                names += [_key_value(key, resource_arn) for key in detail.get("Keys") or []]
            for write in detail if isinstance(detail, list) else []:
                put, delete = write.get("PutRequest") or {}, write.get("DeleteRequest") or {}
                names.append(_key_value(put.get("Item") or delete.get("Key"), resource_arn))
    elif isinstance(data.get("KeyConditionExpression"), str):
        names.append(_queried_value(data, resource_arn))
    else:
        names.append(_key_value(data.get("Key") or data.get("Item"), resource_arn))
    return [name for name in names if name is not None]


def _is_table(table, resource_arn):
    return isinstance(table, str) and table.rsplit("/", 1)[-1] == _table_name(resource_arn)


def _table_name(resource_arn):
    return resource_arn.partition(":table/")[2].split("/")[0]


def _partition_key(resource_arn):
    from ministack.services import dynamodb

    table = dynamodb._tables.get(_table_name(resource_arn))
    if not table:
        return None
    schema = table.get("KeySchema") or []
    index = resource_arn.partition("/index/")[2]
    if index:
        indexes = (table.get("GlobalSecondaryIndexes") or []) + (table.get("LocalSecondaryIndexes") or [])
        schema = next((entry["KeySchema"] for entry in indexes if entry.get("IndexName") == index), [])
    return next((entry["AttributeName"] for entry in schema if entry.get("KeyType") == "HASH"), None)


def _scalar(value):
    if isinstance(value, dict) and len(value) == 1:
        return str(next(iter(value.values())))
    return None


def _key_value(key, resource_arn):
    return _scalar(key.get(_partition_key(resource_arn))) if isinstance(key, dict) else None


def _queried_value(data, resource_arn):
    names, values = data.get("ExpressionAttributeNames") or {}, data.get("ExpressionAttributeValues") or {}
    wanted = _partition_key(resource_arn)
    for left, right in re.findall(r"([#:\w.-]+)\s*=\s*([#:\w.-]+)", data["KeyConditionExpression"]):
        for name, value in ((left, right), (right, left)):
            if names.get(name, name) == wanted and value in values:
                return _scalar(values[value])
    return None
