"""Clients of a user pool as AWS keeps them, which ministack does in part.

Added: two secrets of a client (AddUserPoolClientSecret, ListUserPoolClientSecrets, DeleteUserPoolClientSecret), a managed
login style (CreateManagedLoginBranding), ids and secrets in Cognito's alphabet, the second factor at the login page, the
user's attributes in the trigger's event at `/oauth2/token`'s refresh, and client credentials' tokens without `origin_jti`,
which only a sign-in has. Source: the API reference of these operations and
"Using tokens with user pools". The errors of a third secret (LimitExceededException), of the last one
(InvalidParameterException) and of an unknown one (ResourceNotFoundException) are assumptions.
"""

import secrets
import string
import time
from urllib.parse import parse_qs

from ministack.services import cognito

_ALPHABET = string.ascii_lowercase + string.digits
_FACTOR = '<label for="totp">Code</label><input type="text" id="totp" name="totp" autocomplete="one-time-code">'


def install() -> None:
    """Puts the additions beside and in place of Cognito's own handlers."""
    dispatch, authenticate, signed = cognito._dispatch_idp, cognito._authenticate_client, cognito._signed_jwt
    login_page, submit = cognito._login_page_html, cognito.handle_login_submit
    build_event = cognito._build_pretoken_event
    added = {
        "AddUserPoolClientSecret": _add_secret,
        "ListUserPoolClientSecrets": _list_secrets,
        "DeleteUserPoolClientSecret": _delete_secret,
        "CreateManagedLoginBranding": _create_branding,
    }

    async def dispatch_with_clients(action, data):
        return added[action](data) if action in added else await dispatch(action, data)

    def authenticate_with_any_secret(headers, form):
        client_id, secret = authenticate(headers, form)
        _pool_id, pool, client = cognito._find_pool_by_client_id(client_id)
        if client is None or not secret:
            return client_id, secret
        known = [entry["value"] for entry in _secrets_of(pool, client)]
        # Both secrets are equally good, so the one that ministack compares with stands for either.
        return client_id, client["ClientSecret"] if secret in known else secret

    def signed_without_sign_in(claims, *rest):
        is_machine = claims.get("token_use") == "access" and claims.get("sub") == claims.get("client_id")
        kept = {name: value for name, value in claims.items() if name != "origin_jti"} if is_machine else claims
        return signed(kept, *rest)

    def event_with_attributes(pool_id, client_id, username, user_attrs, *rest, **named):
        user = ((cognito._user_pools.get(pool_id) or {}).get("_users") or {}).get(username)
        known = user_attrs or (cognito._attr_list_to_dict(user.get("Attributes", [])) if user else {})
        return build_event(pool_id, client_id, username, known, *rest, **named)

    def login_page_with_factor(*arguments, **named):
        page = login_page(*arguments, **named)
        # The local listener serves `/oauth2` only; ministack takes the form there too.
        return page.replace('action="/login"', 'action="/oauth2/login"').replace("<button", f"{_FACTOR}<button", 1)

    def submit_with_factor(method, path, headers, body, query_params):
        form = {name: values[0] for name, values in parse_qs((body or b"").decode("utf-8", "replace")).items()}
        _pool_id, pool, _client = cognito._find_pool_by_client_id(form.get("client_id", ""))
        if pool is None or pool.get("MfaConfiguration") != "ON":
            return submit(method, path, headers, body, query_params)
        user, error = cognito._authenticate_hosted_ui_user(pool, form.get("username", ""), form.get("password", ""))
        secret = (user or {}).get("_totp_secret")
        if error or (secret and cognito._totp_matches(secret, form.get("totp", ""))):
            return submit(method, path, headers, body, query_params)
        parameters = cognito._extract_oauth_form_params(form)
        page = cognito._login_page_html(**parameters, error_message="Incorrect code.")
        return 200, {"Content-Type": "text/html; charset=utf-8"}, page.encode()

    cognito._client_id = lambda: _random(26)
    cognito._client_secret = lambda: _random(51)
    cognito._dispatch_idp = dispatch_with_clients
    cognito._authenticate_client = authenticate_with_any_secret
    cognito._signed_jwt = signed_without_sign_in
    cognito._build_pretoken_event = event_with_attributes
    cognito._login_page_html = login_page_with_factor
    cognito.handle_login_submit = submit_with_factor


def _random(length):
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _entry(client, value, created):
    return {"id": f"{client['ClientId']}--{int(created * 1000)}", "value": value, "created": created}


def _secrets_of(pool, client):
    """The client's secrets, the one that ministack knows of among them; they are saved with the pool."""
    if not client.get("ClientSecret"):
        return []
    kept = pool.setdefault("_client_secrets", {})
    first = _entry(client, client["ClientSecret"], client["CreationDate"])
    return kept.setdefault(client["ClientId"], [first])


def _resolve(data):
    pool, error = cognito._resolve_pool(data.get("UserPoolId"))
    if error:
        return None, None, error
    client = pool["_clients"].get(data.get("ClientId"))
    if client is None:
        return None, None, cognito.error_response_json("ResourceNotFoundException", "Client not found.", 400)
    return pool, client, None


def _described(entry):
    return {"ClientSecretId": entry["id"], "ClientSecretCreateDate": entry["created"]}


def _add_secret(data):
    pool, client, error = _resolve(data)
    if error:
        return error
    live = _secrets_of(pool, client)
    if not live:
        return cognito.error_response_json("InvalidParameterException", "The client keeps no secret.", 400)
    if len(live) > 1:
        return cognito.error_response_json("LimitExceededException", "The client has two secrets.", 400)
    entry = _entry(client, cognito._client_secret(), time.time())
    live.append(entry)
    return cognito.json_response(
        {"ClientSecretDescriptor": {**_described(entry), "ClientSecretValue": entry["value"]}}
    )


def _list_secrets(data):
    pool, client, error = _resolve(data)
    if error:
        return error
    return cognito.json_response({"ClientSecrets": [_described(entry) for entry in _secrets_of(pool, client)]})


def _delete_secret(data):
    pool, client, error = _resolve(data)
    if error:
        return error
    live = _secrets_of(pool, client)
    found = next((entry for entry in live if entry["id"] == data.get("ClientSecretId")), None)
    if found is None:
        return cognito.error_response_json("ResourceNotFoundException", "Secret not found.", 400)
    if len(live) == 1:
        return cognito.error_response_json("InvalidParameterException", "The last secret cannot be deleted.", 400)
    live.remove(found)
    client["ClientSecret"] = live[0]["value"]
    return cognito.json_response({})


def _create_branding(data):
    pool, client, error = _resolve(data)
    if error:
        return error
    styles = pool.setdefault("_managed_login_brandings", {})
    if client["ClientId"] in styles:
        return cognito.error_response_json("ManagedLoginBrandingExistsException", "The client has a style.", 400)
    style = {
        "ManagedLoginBrandingId": cognito.new_uuid(),
        "UserPoolId": data.get("UserPoolId"),
        "UseCognitoProvidedValues": bool(data.get("UseCognitoProvidedValues")),
        "CreationDate": time.time(),
    }
    styles[client["ClientId"]] = style
    return cognito.json_response({"ManagedLoginBranding": style})
