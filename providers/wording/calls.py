"""Outcomes of a call that was not made, or brought no answer that can be read."""

from django.utils.translation import gettext_lazy as _

from providers.spec.outcomes import Outcome
from providers.wording.shape import Sentences

CALLS: Sentences = {
    Outcome.MISSING_CONFIG: {
        "": (
            _("Nothing was sent. Fill in first: %(names)s."),
            _("A required field is empty, so nothing was sent. Fill it in first."),
        ),
    },
    Outcome.REFERENCE: {
        "": (
            _(
                "Nothing was sent: only the agent can resolve a reference such as ${NAME}. To test "
                "here, type the value itself into: %(names)s."
            ),
            _(
                "Nothing was sent: only the agent can resolve a reference such as ${NAME}. To test "
                "here, type the value itself."
            ),
        ),
        "aws_profile": _(
            "Nothing was sent: this profile is for the agent to resolve. Static keys are read here "
            "once the operator names the profile in AWS_PROFILES_ALLOWED."
        ),
    },
    Outcome.BLOCKED_ADDRESS: {
        "": _("The operator's policy does not open this address. Nothing was sent."),
        "never": _(
            "%(host)s leads to an address that is never called, such as a cloud's metadata "
            "service. No setting opens it; enter the address of the model server."
        ),
        "unspecified": _(
            "%(host)s stands for all addresses of the machine that a server listens on; it is not "
            "where the server is found. Enter 127.0.0.1 if it runs on the machine of this "
            "dashboard, else that machine's name or address."
        ),
        "own_port": _(
            "%(place)s is a port of this installation itself: web, broker or database. No setting "
            "opens it; enter the port of the model server."
        ),
        "special": (
            _(
                "%(host)s lies in a range set aside for special networks, so nothing was sent. To "
                "open it, the operator sets OUTBOUND_ALLOW=%(token)s (a comma between several) and "
                "restarts."
            ),
            _(
                "%(host)s leads into a range set aside for special networks, so nothing was sent. "
                "It opens by number only: the operator sets OUTBOUND_ALLOW=ADDRESS:%(port)s and "
                "restarts."
            ),
        ),
        "loopback": _(
            "%(host)s is the very machine or container that this dashboard runs in, so nothing was "
            "sent. To open it, the operator sets OUTBOUND_ALLOW=%(token)s (a comma between "
            "several) and restarts."
        ),
        "private": _(
            "%(host)s lies in a private network, so nothing was sent. To open it, the operator "
            "sets OUTBOUND_ALLOW=%(token)s (a comma between several) and restarts."
        ),
        "plain_http": _(
            "Over plain http the key could be read on its way to %(host)s, so nothing was sent. "
            "Use https; or the operator sets OUTBOUND_ALLOW=%(token)s (a comma between several) "
            "and restarts."
        ),
    },
    Outcome.DNS_ERROR: {
        "": _("The host name leads nowhere. Check its spelling."),
        "not_found": _(
            "No address is known for %(host)s. Check the spelling; a local name must be known to "
            "the machine or container that this dashboard runs in."
        ),
        "temporary": _(
            "The name server did not answer for %(host)s. Check the network of the machine or "
            "container that this dashboard runs in, then try again."
        ),
        "bad_name": _("%(host)s is no name that can be looked up. Correct it in the API base."),
        "failed": _(
            "Looking up %(host)s failed. Check the name server of the machine or container that "
            "this dashboard runs in."
        ),
        "proxy_name": _(
            "The proxy %(via)s that the operator names in OUTBOUND_PROXY has no address: its name "
            "leads nowhere. Nothing was sent."
        ),
        "azure_resource": _(
            "%(host)s leads nowhere, so there is probably no Azure resource of this name. Copy the "
            "endpoint from the Azure portal again."
        ),
        "bedrock_region": _(
            "%(host)s leads nowhere. Check the region: it must be one that offers Bedrock, written "
            "exactly, such as us-east-1."
        ),
    },
    Outcome.UNREACHABLE: {
        "": _("No connection could be made. Check the address, and the network of this machine."),
        "refused": (
            _(
                "Nothing listens at %(place)s. Is it running? If this dashboard runs in a "
                "container, %(localhost)s is that container itself."
            ),
            _(
                "%(place)s refuses connections. Check host and port; the service may be down, or a "
                "firewall in between."
            ),
        ),
        "reset": _(
            "The connection to %(place)s was cut from the other side. Try again; if it stays so, "
            "check the port, whether it is https, and for a firewall in between."
        ),
        "closed": _(
            "%(place)s closed the connection without an answer. Check the port and whether it is "
            "https, then try again."
        ),
        "no_route": _(
            "There is no way to %(place)s from here. Check the network of the machine or container "
            "that this dashboard runs in."
        ),
        "failed": _(
            "No connection to %(place)s could be made. Check the address, and the network of the "
            "machine or container that this dashboard runs in."
        ),
        "proxy_refused": _(
            "Nothing listens at the proxy %(via)s that the operator names in OUTBOUND_PROXY. Check "
            "that it runs, and its host and port there."
        ),
        "proxy_away": _(
            "The proxy %(via)s of OUTBOUND_PROXY can't be reached, or hung up. Check its host and "
            "port, and the network of the machine that this dashboard runs on."
        ),
        "proxy_asks": _(
            "The proxy %(via)s asks for a user and a password (407). The operator writes them into "
            "OUTBOUND_PROXY: http://USER:PASSWORD@HOST:PORT."
        ),
        "proxy_login": _(
            "The proxy %(via)s refuses the user and password in OUTBOUND_PROXY (407). The operator "
            "corrects them there; special characters are written as in a URL."
        ),
        "proxy_forbids": _(
            "The proxy %(via)s does not let calls to %(place)s pass. Whoever runs it can allow "
            "CONNECT to that host and port."
        ),
        "no_proxy": _(
            "What answers at %(via)s is no proxy that takes CONNECT. The operator checks host and "
            "port of OUTBOUND_PROXY."
        ),
        "behind_proxy": _(
            "The proxy %(via)s could not reach %(place)s. Check the API base; if it is right, look "
            "at the proxy and at its name server."
        ),
    },
    Outcome.TLS_ERROR: {
        "": _("No secure connection could be made. Check the address."),
        "expired": _(
            "The certificate of %(host)s has expired. It must be renewed there; if it is new, "
            "check the clock of the machine that this dashboard runs on."
        ),
        "not_yet_valid": _(
            "The certificate of %(host)s is not valid yet. Check the clocks of the server and of "
            "the machine that this dashboard runs on."
        ),
        "wrong_name": _(
            "The certificate belongs to another name than %(host)s. Enter the name that it was "
            "made for."
        ),
        "self_signed": _(
            "The certificate of %(host)s is vouched for by nobody but itself. The operator can "
            "trust it: put it into the file that OUTBOUND_CA_FILE names."
        ),
        "unknown_issuer": _(
            "The certificate of %(host)s comes from an authority that is not known here, or the "
            "server leaves out the one in between: it must send the whole chain. The operator can "
            "put the root into the file of OUTBOUND_CA_FILE; the server's own certificate is not "
            "enough."
        ),
        "missing_root": _(
            "The file of OUTBOUND_CA_FILE has a certificate of the chain of %(host)s, but not its "
            "root. The operator must put the root of that authority into the file; neither the "
            "server's own certificate nor an intermediate is enough."
        ),
        "certificate": _(
            "The certificate of %(host)s did not pass the check. It must be replaced there; a "
            "proxy that puts its own in place may be the cause."
        ),
        "not_tls": _(
            "%(place)s does not speak TLS. Check the port; if the server offers plain http only, "
            "begin the API base with http://."
        ),
        "handshake": _(
            "%(place)s and this machine found no common way to secure the connection. The server "
            "must offer TLS 1.2 or newer, and ask for no client certificate."
        ),
        "broken": _(
            "The secure connection to %(place)s broke in the middle. Try again; if it stays so, "
            "something in between interferes."
        ),
        "proxy": _(
            "The certificate of the proxy %(via)s did not pass the check. OUTBOUND_PROXY must name "
            "it as the certificate does; its authority goes into the file of OUTBOUND_CA_FILE."
        ),
        "proxy_plain": _(
            "The proxy %(via)s does not speak TLS. If it is asked in plain, the operator begins "
            "OUTBOUND_PROXY with http://."
        ),
    },
    Outcome.TIMEOUT: {
        "": _("The provider answered that it ran out of time. Try again in a moment."),
        "front": _(
            "A server in between gave up waiting for the API. Try again; if it stays so, look at "
            "that server."
        ),
        "origin_away": _(
            "A proxy or gateway waited in vain for the server behind it: the origin is away or too "
            "slow. Check that it runs, then try again."
        ),
        "dns": _(
            "The name server gave no answer for %(host)s in time. Try again; if it stays so, check "
            "the network of the machine that this dashboard runs on."
        ),
        "connect": _(
            "%(place)s did not take the connection in time. Check host and port; a firewall may "
            "swallow the call."
        ),
        "proxy": _(
            "The proxy %(via)s of OUTBOUND_PROXY did not answer in time. Check its host and port; "
            "a firewall may swallow the call, or the proxy waits for what lies behind it."
        ),
        "behind_proxy": _(
            "The proxy %(via)s waited in vain for %(place)s. Check the API base; if it is right, "
            "look at what the proxy may reach."
        ),
        "tls": _(
            "%(place)s did not secure the connection in time. Try again; if it stays so, check "
            "that this port speaks https."
        ),
        "read": (
            _("%(model)s did not answer in time. Try again; if it stays so, try a smaller model."),
            _("The request was sent, but no answer came in time. Try again in a moment."),
        ),
        "deadline": _(
            "The time was up before everything was there. Try again; if it stays so, the server or "
            "the way to it is too slow. Names of models can be typed by hand."
        ),
    },
    Outcome.UNEXPECTED_RESPONSE: {
        "": _("The server answered, but not as this API does. Check the API base."),
        "html": (
            _(
                "A web page came for %(model)s instead of data. Check the API base: it may lead to "
                "a website, a login page or a captive portal."
            ),
            _(
                "A web page came instead of data. Check the API base: it may lead to a website, a "
                "login page or a captive portal. If only a list is missing, include a model in the "
                "test."
            ),
        ),
        "not_json": (
            _(
                "%(model)s was answered for with nothing or with no JSON, so this is not the API. "
                "Check the API base."
            ),
            _(
                "The answer is empty or no JSON. Check the API base; if the server has no list of "
                "models, include a model in the test."
            ),
        ),
        "broken_json": _(
            "The answer begins like JSON, but it is damaged or cut off and could not be read. Try "
            "again; if it stays so, look at the server and at what stands in between."
        ),
        "error_body": _(
            "The server reported an error that it does not name, under a status that means "
            "success. Try again, then check the API base."
        ),
        "wrong_shape": (
            _(
                "The server answered for %(model)s with JSON, but not in the form of this API. "
                "Check the API base, and that this is the right kind of provider."
            ),
            _(
                "The server answered with JSON, but not in the form of this API. Check the API "
                "base and the kind of provider; if the server has no list of models, include a "
                "model in the test."
            ),
        ),
        "small_window": (
            _(
                "The agent's instructions and tools do not fit into the window of %(limit)s tokens "
                "with which %(model)s was loaded. Let the server load it with 64,000: "
                "OLLAMA_CONTEXT_LENGTH of Ollama, the context length in LM Studio, "
                "--max-model-len of vLLM."
            ),
            _(
                "The model was loaded with a window in which the agent's instructions and tools do "
                "not fit. Let the server load it with 64,000 tokens."
            ),
        ),
        "not_streamed": (
            _(
                "%(model)s answered, but at once. The agent asks for a stream and reads nothing "
                "else. Switch streaming on at the server, or choose another model or server."
            ),
            _(
                "The model answered, but at once. The agent asks for a stream and reads nothing "
                "else. Switch streaming on at the server, or choose another model or server."
            ),
        ),
        "other_api": _(
            "The model answers by chat completions only. The agent asks this kind by the API of "
            "responses. Use the address of a server that offers it; for chat completions, set the "
            "server up as Custom."
        ),
        "messages_only": _(
            "The model answers in Anthropic's format only. The agent asks this kind for chat "
            "completions. Choose another model, or set the address up as Anthropic."
        ),
        "unfinished": (
            _(
                "%(model)s began to answer, but did not say that it had done. The agent takes "
                "that for an answer that broke off. Try again; if it stays so, choose another "
                "model or server."
            ),
            _(
                "The model began to answer, but did not say that it had done. The agent takes "
                "that for an answer that broke off. Try again; if it stays so, choose another "
                "model or server."
            ),
        ),
        "no_choice": (
            _(
                "%(model)s gave an answer without any text or choice in it, as if nobody had "
                "worked on it. Try again; if it stays so, choose another model."
            ),
            _(
                "The answer came without any choice in it, as if no model had worked on it. Try "
                "again; if it stays so, choose another model."
            ),
        ),
        "too_large": _(
            "The answer is larger than is read here (8 MB, or a million values) and was not read "
            "to its end. A model can be included in the test all the same, and names typed by hand."
        ),
        "bomb": _(
            "The answer grew beyond what is read here (24 MB) while it was unpacked, and was "
            "dropped. A model can be included in the test all the same, and names typed by hand."
        ),
        "too_deep": _(
            "The answer is nested in more levels than are read here. A model "
            "can be included in the test all the same, and names typed by hand."
        ),
        "bad_encoding": _(
            "The answer was packed in a way that was not asked for, or is damaged. Try again; a "
            "proxy in between may be the cause."
        ),
        "bad_http": _("What answers at %(place)s does not speak HTTP properly. Check the port."),
        "incomplete": _("The answer of %(place)s broke off before its end. Try again."),
    },
    Outcome.NO_WORKER: {
        "": _(
            "No worker was running, so nothing was sent. If none runs yet, start it (make run, or "
            "as it was installed). Then try again."
        ),
        "no_broker": _(
            "The task broker did not answer, so nothing was sent. If it still does not, start it "
            "(make run, or as it was installed). Then try again."
        ),
    },
    Outcome.NO_KEY: {
        "": _(
            "The machine that took this lacks a master key of the site, so nothing was sent. Its "
            "terminal names the key; the operator puts it there. Then try again."
        ),
    },
    Outcome.NO_ANSWER: {
        "": _("The worker gave no answer; it may have been stopped. Try again."),
        "waited": _(
            "No worker took it in time, so nothing was sent: all were busy, or none was there. Try "
            "again; if they are often busy, give them more threads (WORKER_CONCURRENCY)."
        ),
    },
    Outcome.CANCELLED: {
        "": _("Stopped before its end: cancelled, or overtaken by newer values. Try again."),
    },
    Outcome.INTERNAL_ERROR: {
        "": (
            _(
                "Something went wrong in the dashboard itself. Its log says more under the "
                "reference %(reference)s."
            ),
            _("Something went wrong in the dashboard itself. Its log says more."),
        ),
    },
}
