#!/usr/bin/env python3
"""Example upper tester: the whole protocol, no product behind it. Put your product's calls where `drive` stands.

`cpmspec schema upper-tester` has every method, parameter and sight; log to standard error, never to standard output."""
import json, sys

ACTS = {  # act: its parameters; leave out the acts that your product cannot do
    "register": set(),
    "send-message": {"to", "text", "base64", "content-type", "conversation", "from", "reply-to", "anonymous", "expires", "imdn"},
    "mark-read": {"message"},
    "configure": {"setting", "value"},
}
CONTROLS = {"hello": {"protocol"}, "reset": {"user"}, "stop": set()}
HELLO = {"name": "example adapter", "acts": list(ACTS), "sights": ["message-received"], "idle": False}


class Refused(Exception):
    """Code and words: 1 refused by the product, 2 not now, 3 unknown handle, -32601 no such method, -32602 no such parameter."""


def drive(act, params):
    """Make the user act; gives the handles of what came to be, or raises Refused."""
    if act == "mark-read":
        raise Refused(3, "no such message: " + params["message"])
    return {"message": "m1"} if act == "send-message" else {}


def sight(name, **fields):
    """Tell what the user sees, whenever it is seen: sight("message-received", message="m2", text="hi")."""
    tell({"method": "sight", "params": {"sight": name, **fields}})


def tell(message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


for line in sys.stdin:
    request = json.loads(line)
    method, params = request["method"], request.get("params", {})
    known = {**CONTROLS, **ACTS}.get(method)
    try:
        if known is None:
            raise Refused(-32601, "no such method: " + method)
        if params.keys() - known:
            raise Refused(-32602, "no such parameter: " + ", ".join(params.keys() - known))
        result = HELLO if method == "hello" else drive(method, params) if method in ACTS else {}
        tell({"id": request["id"], "result": result})
    except Refused as error:
        tell({"id": request["id"], "error": {"code": error.args[0], "message": error.args[1]}})
    if method == "stop":
        break
