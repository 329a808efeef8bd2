"""Cognito challenges of a pool that requires MFA, which ministack answers with tokens or does not check at all.

Added: MFA_SETUP for a user without a second factor, sessions bound to pool, client, user and challenge, the password
policy at NEW_PASSWORD_REQUIRED; at GetTokensFromRefreshToken the sign-in's auth_time and the ClientMetadata for the token
trigger. Source: "Authentication with Amazon Cognito user pools" and the API reference of AdminInitiateAuth,
AdminRespondToAuthChallenge, AssociateSoftwareToken, VerifySoftwareToken and GetTokensFromRefreshToken.
"""

import base64
import contextvars
import json
import secrets
import time

from ministack.services import cognito

_ENROLLED = "SOFTWARE_TOKEN_MFA"
# Challenge sessions that are open: token -> what it may answer. They live for minutes and are not persisted.
_open: dict[str, dict] = {}
# The sign-in that the request at hand continues: its auth_time, and the request's ClientMetadata.
_continued: contextvars.ContextVar[dict | None] = contextvars.ContextVar("chartlock_continued", default=None)


def install() -> None:
    """Puts the additions in place of Cognito's own handlers."""
    challenge_for_user = cognito._mfa_challenge_for_user
    password_result = cognito._password_auth_result
    admin_respond, respond = cognito._admin_respond_to_auth_challenge, cognito._respond_to_auth_challenge
    associate, verify = cognito._associate_software_token, cognito._verify_software_token
    get_tokens, auth_result = cognito._get_tokens_from_refresh_token, cognito._build_auth_result
    signed = cognito._signed_jwt

    def mfa_challenge(pool, user, pool_id, username):
        if pool.get("MfaConfiguration") == "ON" and _ENROLLED not in user.get("_mfa_enabled", []):
            return {
                "ChallengeName": "MFA_SETUP",
                "Session": _token(),
                "ChallengeParameters": {"MFAS_CAN_SETUP": json.dumps([_ENROLLED]), "USER_ID_FOR_SRP": username},
            }
        return challenge_for_user(pool, user, pool_id, username)

    def password_auth_result(pool, pool_id, client_id, user, username, client_metadata=None, data=None):
        answer = password_result(pool, pool_id, client_id, user, username, client_metadata, data)
        return _remember(answer, pool_id, client_id, user)

    def answer_challenge(original, data, pool, pool_id):
        challenge = data.get("ChallengeName")
        if pool is None or challenge not in ("NEW_PASSWORD_REQUIRED", "SOFTWARE_TOKEN_MFA", "MFA_SETUP"):
            return original(data)
        responses = data.get("ChallengeResponses") or {}
        user, _missing = cognito._resolve_user(pool, responses.get("USERNAME"))
        session = _session(data.get("Session"))
        if (
            session is None
            or user is None
            or session["client"] != data.get("ClientId")
            or session["pool"] != pool_id
            or session["user"] != user["Username"]
            or session["challenge"] != challenge
            or (challenge == "MFA_SETUP" and not session.get("verified"))
        ):
            return _refused("Invalid session for the user.")
        if challenge == "NEW_PASSWORD_REQUIRED":
            password = responses.get("NEW_PASSWORD") or ""
            weak = cognito._validate_password(pool, password)
            if weak:
                return weak
            next_challenge = mfa_challenge(pool, user, pool_id, user["Username"])
            if next_challenge:
                _open.pop(data["Session"], None)
                user["_password"] = password
                user["UserStatus"] = "CONFIRMED"
                user["UserLastModifiedDate"] = cognito._now_epoch()
                return _remember(cognito.json_response(next_challenge), pool_id, data.get("ClientId"), user)
        answer = original(data)
        if answer[0] == 200:
            _open.pop(data["Session"], None)
        return answer

    def admin_respond_to_auth_challenge(data):
        pool = cognito._user_pools.get(data.get("UserPoolId"))
        return answer_challenge(admin_respond, data, pool, data.get("UserPoolId"))

    def respond_to_auth_challenge(data):
        pool, pool_id = cognito._pool_for_client(data.get("ClientId"))
        return answer_challenge(respond, data, pool, pool_id)

    def associate_software_token(data):
        if data.get("AccessToken") or not data.get("Session"):
            return associate(data)
        session = _session(data["Session"])
        if session is None or session["challenge"] != "MFA_SETUP":
            return _refused("Invalid session for the user.")
        _open.pop(data["Session"], None)
        secret = base64.b32encode(secrets.token_bytes(20)).decode()
        return cognito.json_response({"SecretCode": secret, "Session": _keep({**session, "secret": secret})})

    def verify_software_token(data):
        if data.get("AccessToken") or not data.get("Session"):
            return verify(data)
        session = _session(data["Session"])
        if session is None or "secret" not in session:
            return _refused("Invalid session for the user.")
        if not cognito._totp_matches(session["secret"], data.get("UserCode", "")):
            return cognito.error_response_json("EnableSoftwareTokenMFAException", "Code mismatch", 400)
        user = cognito._user_pools[session["pool"]]["_users"][session["user"]]
        user["_totp_secret"] = session["secret"]
        user["_preferred_mfa"] = _ENROLLED
        user.setdefault("_mfa_enabled", []).append(_ENROLLED)
        _open.pop(data["Session"], None)
        kept = {name: value for name, value in session.items() if name != "secret"}
        return cognito.json_response({"Status": "SUCCESS", "Session": _keep({**kept, "verified": True})})

    def get_tokens_from_refresh_token(data):
        signed_in_at = cognito._token_claims(data.get("RefreshToken")).get("iat")
        token = _continued.set({"auth_time": signed_in_at, "metadata": data.get("ClientMetadata")})
        try:
            return get_tokens(data)
        finally:
            _continued.reset(token)

    def build_auth_result(*args, **given):
        continued = _continued.get()
        return auth_result(*args, **({**given, "client_metadata": continued["metadata"]} if continued else given))

    def signed_jwt(claims, *rest):
        continued = _continued.get()
        return signed({**claims, "auth_time": continued["auth_time"]} if continued else claims, *rest)

    cognito._get_tokens_from_refresh_token = get_tokens_from_refresh_token
    cognito._build_auth_result = build_auth_result
    cognito._signed_jwt = signed_jwt
    cognito._mfa_challenge_for_user = mfa_challenge
    cognito._password_auth_result = password_auth_result
    cognito._admin_respond_to_auth_challenge = admin_respond_to_auth_challenge
    cognito._respond_to_auth_challenge = respond_to_auth_challenge
    cognito._associate_software_token = associate_software_token
    cognito._verify_software_token = verify_software_token


def _token():
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _keep(session):
    token = _token()
    _open[token] = session
    return token


def _session(token):
    now = time.time()
    for expired in [key for key, session in _open.items() if session["expires"] < now]:
        _open.pop(expired, None)
    return _open.get(token or "")


def _remember(answer, pool_id, client_id, user):
    status, _headers, body = answer
    challenge = json.loads(body) if status == 200 else {}
    if challenge.get("Session"):
        client = cognito._user_pools[pool_id]["_clients"].get(client_id, {})
        _open[challenge["Session"]] = {
            "pool": pool_id,
            "client": client_id,
            "user": user["Username"],
            "challenge": challenge["ChallengeName"],
            "expires": time.time() + 60 * client.get("AuthSessionValidity", 3),
        }
    return answer


def _refused(message):
    return cognito.error_response_json("NotAuthorizedException", message, 400)
