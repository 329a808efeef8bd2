"""AdminDeleteSoftwareToken, which ministack does not know.

Source: the API reference of AdminDeleteSoftwareToken: "After this operation, the user can no longer sign in with TOTP MFA, and
can register a new TOTP factor". That a user without one is ResourceNotFoundException is an assumption.
"""

from ministack.services import cognito

_TOTP = "SOFTWARE_TOKEN_MFA"


def install() -> None:
    """Adds the operation to Cognito's own."""
    dispatch = cognito._dispatch_idp

    async def dispatch_with_factors(action, data):
        return _admin_delete_software_token(data) if action == "AdminDeleteSoftwareToken" else await dispatch(action, data)

    cognito._dispatch_idp = dispatch_with_factors


def _admin_delete_software_token(data):
    pool, error = cognito._resolve_pool(data.get("UserPoolId"))
    if error:
        return error
    user, error = cognito._resolve_user(pool, data.get("Username"))
    if error:
        return error
    if user.pop("_totp_secret", None) is None:
        return cognito.error_response_json("ResourceNotFoundException", "No software token.", 400)
    user["_mfa_enabled"] = [factor for factor in user.get("_mfa_enabled", []) if factor != _TOTP]
    if user.get("_preferred_mfa") == _TOTP:
        user["_preferred_mfa"] = ""
    return cognito.json_response({})
