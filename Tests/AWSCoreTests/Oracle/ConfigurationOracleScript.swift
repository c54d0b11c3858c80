/// The Python program that asks botocore.
///
/// It runs botocore without a network: requests end in a function that tells where they would have gone, or that answers
/// like AWS with access key ids that say what was sent. ``OracleTransport`` answers the same to AWSCore.
let configurationOracleScript = #"""
    from __future__ import annotations

    import json
    import os
    import pathlib
    import sys
    import tempfile
    import urllib.parse
    from typing import Any

    import botocore.awsrequest
    import botocore.config
    import botocore.credentials
    import botocore.httpsession
    import botocore.loaders
    import botocore.session
    import botocore.tokens

    LOADER = botocore.loaders.create_loader()
    BASE_ENVIRONMENT = {key: os.environ[key] for key in ("PATH",) if key in os.environ}
    CALLS: dict[str, tuple[str, dict[str, str]]] = {
        "application-autoscaling": ("describe_scalable_targets", {"ServiceNamespace": "dynamodb"}),
        "dynamodb": ("list_tables", {}),
        "events": ("list_rules", {}),
        "lambda": ("list_functions", {}),
        "monitoring": ("list_metrics", {}),
        "s3": ("list_buckets", {}),
        "sqs": ("list_queues", {}),
        "streams.dynamodb": ("list_streams", {}),
        "sts": ("get_caller_identity", {}),
    }
    # Where botocore's name is not the endpoint's.
    NAMES = {"monitoring": "cloudwatch", "streams.dynamodb": "dynamodbstreams"}


    class Captured(Exception):
        """Carries the URL of a request that is not sent."""


    class Raw:
        def __init__(self, body: bytes) -> None:
            self.body = body

        def stream(self, *_: Any, **__: Any) -> list[bytes]:
            return [self.body]


    def text(value: str | bytes | None) -> str:
        return value.decode() if isinstance(value, bytes) else value or ""


    def answer(request: Any) -> str:
        url = urllib.parse.urlsplit(request.url)
        query = urllib.parse.parse_qs(url.query)
        headers = {key.lower(): text(value) for key, value in request.headers.items()}
        if url.path.endswith("/federation/credentials"):
            token = headers["x-amz-sso_bearer_token"]
            key = f"sso {url.netloc} {query['role_name'][0]} {query['account_id'][0]} {token}"
            return json.dumps({"roleCredentials": {
                "accessKeyId": key, "secretAccessKey": "s", "sessionToken": "t", "expiration": 4070908800000}})
        if url.netloc == "169.254.170.2" or url.netloc.startswith("127.0.0.1"):
            key = f"container {request.url} {headers.get('authorization', '')}"
            return json.dumps({"AccessKeyId": key, "SecretAccessKey": "s", "Token": "t",
                               "Expiration": "2099-01-01T00:00:00Z"})
        if url.netloc == "169.254.169.254":
            if request.method == "PUT":
                return "token"
            if url.path.endswith("/security-credentials/"):
                return "role"
            return json.dumps({"Code": "Success", "AccessKeyId": f"instance {url.path}", "SecretAccessKey": "s",
                               "Token": "t", "Expiration": "2099-01-01T00:00:00Z"})
        form = {key: value[0] for key, value in urllib.parse.parse_qs(text(request.body)).items()}
        signer = headers.get("authorization", "").partition("Credential=")[2].partition("/")[0]
        detail = ",".join(form.get(name, "") for name in ("ExternalId", "DurationSeconds", "WebIdentityToken"))
        key = f"{url.netloc} {form['RoleArn']} {detail} by [{signer}]"
        return (f"<R><{form['Action']}Result><Credentials><AccessKeyId>{key}</AccessKeyId>"
                "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
                f"<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></{form['Action']}Result></R>")


    def send(self: Any, request: Any) -> botocore.awsrequest.AWSResponse:
        return botocore.awsrequest.AWSResponse(request.url, 200, {}, Raw(answer(request).encode()))


    def capture(request: Any, **_: Any) -> None:
        raise Captured(request.url)


    def endpoint(session: botocore.session.Session, question: dict[str, Any]) -> str:
        config = botocore.config.Config(
            retries={"max_attempts": 0}, s3={"us_east_1_regional_endpoint": "regional"})
        client = session.create_client(
            NAMES.get(question["service"], question["service"]), region_name=question["region"], config=config,
            aws_access_key_id="a", aws_secret_access_key="b")
        client.meta.events.register("before-send", capture)
        name, arguments = CALLS[question["service"]]
        if question["bucket"]:
            name, arguments = "head_bucket", {"Bucket": question["bucket"]}
        try:
            getattr(client, name)(**arguments)
        except Captured as captured:
            url = urllib.parse.urlsplit(str(captured))
            return f"{url.scheme}://{url.netloc}" + (url.path.rstrip("/") if question["bucket"] else "")
        return "error: nothing was sent"


    def ask(question: dict[str, Any]) -> str:
        with tempfile.TemporaryDirectory() as home:
            folder = pathlib.Path(home, ".aws")
            folder.mkdir()
            (folder / "config").write_text(question["config"].replace("$HOME", home))
            (folder / "credentials").write_text(question["credentials"])
            for name, content in question["files"].items():
                pathlib.Path(home, name).parent.mkdir(parents=True, exist_ok=True)
                pathlib.Path(home, name).write_text(content)
            os.environ.clear()
            os.environ.update(BASE_ENVIRONMENT | {"HOME": home})
            os.environ.update({key: value.replace("$HOME", home) for key, value in question["environment"].items()})
            # botocore keeps these paths from the moment of its import.
            cache = os.path.join(home, ".aws", "sso", "cache")
            botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR = cache
            botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR = cache
            try:
                session = botocore.session.Session(profile=question["profile"])
                session.register_component("data_loader", LOADER)
                if question["service"]:
                    return endpoint(session, question)
                credentials = session.get_credentials()
                return credentials.get_frozen_credentials().access_key if credentials else "error: none"
            except Exception as error:
                return f"error: {error}"


    botocore.httpsession.URLLib3Session.send = send
    with open(sys.argv[1]) as file:
        print(json.dumps([ask(question) for question in json.load(file)]))
    """#
