"""What openstacksdk makes of configurations: a list of cases as JSON on standard input, one result each on standard output. No cloud is asked."""
import importlib
import json
import os
import sys
import warnings

from openstack.config import loader

warnings.simplefilter("ignore")
SERVICES = ("network", "compute", "image")


class Login(Exception):
    """The request by which a plugin would log in, instead of its answer."""

    def __init__(self, url, body):
        self.url, self.body = url, body


class Session:
    def post(self, url, json, **_):
        raise Login(url, json)


def login(region):
    plugin = region.get_auth()
    # The plugins without a version find it out by asking the cloud.
    if hasattr(plugin, "create_plugin"):
        plugin = plugin.create_plugin(None, (3, 0), plugin.auth_url)
    try:
        plugin.get_auth_ref(Session())
    except Login as request:
        return {"url": request.url, "body": request.body}


def content(path):
    with open(path) as file:
        return file.read()


def tls(region):
    verify, cert = region.get_requests_verify_args()
    cert, key = cert if isinstance(cert, tuple) else (cert, cert)
    return {
        "verify": verify is not False,
        "ca": content(verify) if isinstance(verify, str) else None,
        "cert": cert and content(cert),
        "key": key and content(key),
    }


def service(region, kind):
    return {
        "interface": region.get_interface(kind),
        "override": region.get_endpoint(kind),
        "region": region.get_region_name(kind),
        "type": region.get_service_type(kind),
    }


def result(case):
    os.environ.clear()
    os.environ.update(case["env"])
    os.chdir(case["cwd"])
    # Its search path is fixed when it is loaded.
    importlib.reload(loader)
    try:
        config = loader.OpenStackConfig()
        region = config.get_one(case.get("cloud"), region_name=case.get("region"))
        return {
            "cloud": region.name,
            "regions": [one["name"] for one in config._get_known_regions(region.name)],
            "login": login(region),
            "tls": tls(region),
            "services": {kind: service(region, kind) for kind in SERVICES},
            "timeout": region.config.get("api_timeout"),
        }
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


json.dump([result(case) for case in json.load(sys.stdin)], sys.stdout)
