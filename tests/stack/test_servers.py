"""Servers that are there already: a broker with SASL_SSL and ACLs, a Redis with TLS and ACLs."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
import trustme
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from eureke import programs
from eureke.doctor import diagnose_servers
from eureke.errors import BadParameter, EurekeError, ServiceFailed
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.settings import KAFKA_VERSION
from eureke.stack.display import status_text
from eureke.stack.ports import free_ports
from eureke.stack.servers import SERVERS_VARIABLE, Servers
from eureke.stack.stack import Stack

SMALL = Scenario(
    count=1_000, users=2_000, warm_up=0, open_loop_s=0, urgent_per_s=5, latency_median_ms=0
)
BROKER = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=SASL_SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=SASL_SSL://{advertised}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL
controller.listener.names=CONTROLLER
inter.broker.listener.name=SASL_SSL
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.sasl_ssl.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required \
username="admin" password="admin-secret" user_admin="admin-secret" \
user_writer="writer-secret" user_stranger="stranger-secret";
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location={folder}/server.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
ssl.client.auth=required
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:ANONYMOUS
log.dirs={folder}/log
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
"""
REDIS = """\
bind 127.0.0.1
port 0
tls-port {port}
tls-cert-file {folder}/server.pem
tls-key-file {folder}/server.pem
tls-ca-cert-file {folder}/ca.pem
tls-auth-clients no
dir {folder}
save ""
user default off
user writer on >writer-secret ~eureke-* +@all -@admin
user stranger on >stranger-secret ~nothing* +@all -@admin
"""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, a server's and a client's certificate, in the forms servers want."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    for name in ("server", "client"):
        made = authority.issue_cert("127.0.0.1", "localhost")
        key = load_pem_private_key(made.private_key_pem.bytes(), None)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        chain = b"".join(each.bytes() for each in made.cert_chain_pems)
        (folder / f"{name}.pem").write_bytes(pem + chain)
    return folder


def until(ready: Callable[[], object], process: "subprocess.Popen[bytes]", log: Path) -> None:
    limit_s = time.monotonic() + 60
    while True:
        assert process.poll() is None, log.read_text()
        try:
            ready()
        except (KafkaException, redis.RedisError):
            assert time.monotonic() < limit_s, log.read_text()
            time.sleep(0.1)
        else:
            return


def kafka_options(port: int, folder: Path, user: str = "writer") -> dict[str, str]:
    return {
        "bootstrap.servers": f"127.0.0.1:{port}",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "PLAIN",
        "sasl.username": user,
        "sasl.password": f"{user}-secret",
        "ssl.ca.location": str(folder / "ca.pem"),
        "ssl.certificate.location": str(folder / "client.pem"),
        "ssl.key.location": str(folder / "client.pem"),
    }


def admin_of(port: int, folder: Path) -> AdminClient:
    """A client that may do everything."""
    return AdminClient({**kafka_options(port, folder, "admin"), "log_level": 0})


def broker(folder: Path, certificates: Path, *, advertised: str = "") -> Iterator[int]:
    """A broker of its own; gives its port."""
    port, controller = free_ports(2)
    for name in ("server.pem", "ca.pem"):
        (folder / name).write_bytes((certificates / name).read_bytes())
    properties = folder / "server.properties"
    properties.write_text(
        BROKER.format(
            port=port,
            controller=controller,
            folder=folder,
            advertised=advertised or f"127.0.0.1:{port}",
        )
    )
    java = [str(programs.java()), "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]
    java += ["-cp", programs.kafka_classpath()]
    tool = ["kafka.tools.StorageTool", "format", "--cluster-id=AAAAAAAAAAAAAAAAAAAAAA"]
    tool += ["--add-scram", "SCRAM-SHA-512=[name=writer,password=writer-secret]"]
    log = folder / "broker.log"
    with log.open("wb") as out:
        subprocess.run(
            [*java, *tool, "-c", str(properties)], check=True, stdout=out, stderr=out, cwd=folder
        )
        process = subprocess.Popen(
            [*java, "kafka.Kafka", str(properties)], stdout=out, stderr=out, cwd=folder
        )
        try:
            admin = admin_of(port, certificates)
            until(lambda: admin.list_topics(timeout=2), process, log)
            if not advertised:  # else nobody reaches it to ask for more
                allow(admin)
            yield port
        finally:
            process.kill()
            process.wait()


def allow(admin: AdminClient) -> None:
    """Lets `writer` do everything with what begins with eureke-, and `stranger` nothing."""
    kinds = (ResourceType.TOPIC, ResourceType.GROUP)
    rules = [
        AclBinding(
            kind,
            "eureke-",
            ResourcePatternType.PREFIXED,
            "User:writer",
            "*",
            AclOperation.ALL,
            AclPermissionType.ALLOW,
        )
        for kind in kinds
    ]
    for made in admin.create_acls(rules).values():
        made.result(10)


@pytest.fixture(scope="module")
def kafka_port(tmp_path_factory: pytest.TempPathFactory, certificates: Path) -> Iterator[int]:
    """A broker that wants a certificate, a user and a password, and knows who may do what."""
    yield from broker(tmp_path_factory.mktemp("broker"), certificates)


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory: pytest.TempPathFactory, certificates: Path) -> Iterator[int]:
    """A Redis with TLS whose default user is off."""
    folder = tmp_path_factory.mktemp("redis")
    (port,) = free_ports(1)
    for name in ("server.pem", "ca.pem"):
        (folder / name).write_bytes((certificates / name).read_bytes())
    (folder / "redis.conf").write_text(REDIS.format(port=port, folder=folder))
    server = programs.REDIS.find()
    log = folder / "redis.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(server.path), str(folder / "redis.conf")],
            env=dict(server.environment),
            stdout=out,
            stderr=out,
        )
        try:
            with redis.Redis.from_url(redis_url(port, folder)) as client:
                until(client.ping, process, log)
            yield port
        finally:
            process.kill()
            process.wait()


def redis_url(port: int, folder: Path, user: str = "writer") -> str:
    secret = f"{user}:{user}-secret"
    return (
        f"rediss://{secret}@127.0.0.1:{port}/0?ssl_cert_reqs=required&ssl_ca_certs={folder}/ca.pem"
    )


def quiet(_line: str) -> None:
    """Says nothing."""


def test_a_run_on_given_servers_closes_its_account_and_leaves_nothing_there(
    kafka_port: int, redis_port: int, certificates: Path, tmp_path: Path
) -> None:
    """Certificates, users and rights all the way; topics, groups and keys go with the stack."""
    url = redis_url(redis_port, certificates)
    servers = Servers(
        kafka=kafka_options(kafka_port, certificates), redis={"queue": url, "cache": url}
    )
    with redis.Redis.from_url(url) as client:
        client.set("eureke-of-somebody-else", b"stays")
        with Stack.start(scenario=SMALL, servers=servers, say=quiet) as stack:
            names = [each.name for each in stack.status()]
            assert not any(name.startswith(("kafka", "redis")) for name in names)
            run = Run.begin(SMALL, stack, results_folder=tmp_path, floor=False)
            sent = run.flat_out()
            result = run.close()
            prefix = stack.settings.prefix
            assert list(client.scan_iter(f"{prefix}.*"))
        assert list(client.scan_iter("*")) == [b"eureke-of-somebody-else"]
    assert sent.account.closes, sent.account
    assert result.run["given"] == ["kafka", "redis-cache", "redis-queue"]
    assert "secret" not in (result.folder / "run.json").read_text()
    admin = admin_of(kafka_port, certificates)
    topics = admin.list_topics(timeout=10).topics
    assert [topic for topic in topics if topic.startswith("eureke")] == []


def test_given_and_own_servers_mix(redis_port: int, certificates: Path, tmp_path: Path) -> None:
    """The cache is somebody else's, the broker and the queue are the stack's own."""
    servers = Servers(redis={"cache": redis_url(redis_port, certificates)})
    with Stack.start(scenario=SMALL, servers=servers, say=quiet) as stack:
        names = [each.name for each in stack.status()]
        assert "kafka" in names
        assert "redis-queue" in names
        assert "redis-cache" not in names
        assert "redis-cache          given" in status_text(stack)
        run = Run.begin(SMALL, stack, results_folder=tmp_path, floor=False)
        assert run.flat_out().account.closes
        run.close()


@pytest.mark.parametrize(("password", "works"), [("writer-secret", True), ("wrong", False)])
def test_scram(
    kafka_port: int,
    certificates: Path,
    password: str,
    works: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Passwords that the broker keeps salted: tried, topics made, and removed."""
    monkeypatch.setattr("eureke.stack.rights.TIMEOUT_S", 3.0)
    changed = {"sasl.mechanism": "SCRAM-SHA-512", "sasl.password": password}
    servers = Servers(kafka=kafka_options(kafka_port, certificates) | changed)
    if not works:
        with pytest.raises(ServiceFailed, match=r"does not answer.*[Aa]uthentication"):
            Stack.start(servers=servers, only=("redis-queue",), say=quiet)
        return
    with Stack.start(servers=servers, only=("redis-queue",), say=quiet) as stack:
        topics = AdminClient(stack.settings.kafka_client).list_topics(timeout=10).topics
        assert stack.settings.receipts in topics


def test_addresses_in_place_of_a_file(stack: Stack) -> None:
    """The short way, for servers without passwords; never both ways at once."""
    address = stack.settings.kafka
    with Stack.start(kafka=address, only=("redis-queue",), say=quiet) as other:
        assert other.given == {"kafka"}
        assert other.settings.kafka == address
        assert other.settings.prefix != stack.settings.prefix
        receipts = other.settings.receipts
    topics = AdminClient({"bootstrap.servers": address}).list_topics(timeout=10).topics
    assert receipts not in topics
    with pytest.raises(BadParameter, match="given twice"):
        Stack.start(kafka=address, servers=Servers(), say=quiet)


def test_a_broker_that_is_too_old(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """It refuses a question that came with 2.6: simulated, as no such broker can be had here."""

    def refuse(_admin: AdminClient, **_states: object) -> None:
        raise KafkaException(KafkaError(KafkaError._UNSUPPORTED_FEATURE))

    monkeypatch.setattr(AdminClient, "list_consumer_groups", refuse)
    with pytest.raises(ServiceFailed, match=r"older than Kafka 2\.6") as caught:
        Stack.start(kafka=stack.settings.kafka, say=quiet)
    assert KAFKA_VERSION in caught.value.remedy


def test_addresses_by_the_environment(tmp_path: Path) -> None:
    """One by one, for a container or a CI job; they go before what a file says."""
    file = tmp_path / "servers.toml"
    file.write_text(
        'prefix = "ours"\n[kafka]\n"bootstrap.servers" = "a:1"\n"security.protocol" = "SSL"\n'
    )
    told = {
        SERVERS_VARIABLE: str(file),
        f"{SERVERS_VARIABLE}_KAFKA": "b:2",
        f"{SERVERS_VARIABLE}_REDIS_CACHE": "redis://c:3/0",
    }
    expected = Servers(
        kafka={"bootstrap.servers": "b:2", "security.protocol": "SSL"},
        redis={"cache": "redis://c:3/0"},
        prefix="ours",
    )
    assert Servers.of_environment(told) == expected
    assert Servers.of_environment({}) == Servers()


def test_two_stacks_with_one_prefix_are_kept_apart_and_what_is_theirs_stays(
    kafka_port: int, certificates: Path
) -> None:
    """The second is told who is there; topics of a prefix of one's own outlive the stack."""
    servers = Servers(kafka=kafka_options(kafka_port, certificates), prefix="eureke-ours")
    with Stack.start(scenario=SMALL, servers=servers, say=quiet):
        with pytest.raises(ServiceFailed, match=r"eureke-ours.*members already") as caught:
            Stack.start(scenario=SMALL, servers=servers, say=quiet)
        assert "prefix" in caught.value.remedy
    admin = admin_of(kafka_port, certificates)
    topics = [name for name in admin.list_topics(timeout=10).topics if "eureke-ours" in name]
    assert "eureke-ours.receipts" in topics
    for removed in admin.delete_topics(topics).values():
        removed.result(10)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sasl.password": "wrong"}, "does not answer.*[Aa]uthentication"),
        ({"sasl.username": "stranger", "sasl.password": "stranger-secret"}, "may not make a topic"),
        ({"bootstrap.servers": "127.0.0.1:9"}, "does not answer.*[Cc]onnect"),
        ({"security.protocol": "SSL"}, "does not answer"),
        ({"sasl.mechanism": "GUESSING"}, "options are refused|does not answer"),
        ({"sasl.mechanisms.typo": "PLAIN"}, "options are refused"),
    ],
)
def test_a_broker_that_will_not_do_is_one_paragraph_with_a_remedy(
    kafka_port: int,
    certificates: Path,
    changed: dict[str, str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before anything is started, and without the password."""
    monkeypatch.setattr("eureke.stack.rights.TIMEOUT_S", 3.0)
    servers = Servers(kafka=kafka_options(kafka_port, certificates) | changed)
    with pytest.raises(ServiceFailed, match=said) as caught:
        Stack.start(servers=servers, say=quiet)
    assert "given kafka" in str(caught.value)
    assert caught.value.remedy
    assert "secret" not in str(caught.value)


def test_a_broker_that_sends_its_clients_elsewhere_is_told_apart_from_one_that_is_down(
    tmp_path: Path, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The classic: it answers, and advertises an address that nobody here reaches."""
    monkeypatch.setattr("eureke.stack.rights.TIMEOUT_S", 8.0)
    for port in broker(tmp_path, certificates, advertised="broker.invalid:9092"):
        servers = Servers(kafka=kafka_options(port, certificates))
        with pytest.raises(ServiceFailed, match=r"broker\.invalid:9092") as caught:
            Stack.start(servers=servers, say=quiet)
        assert "advertised.listeners" in caught.value.remedy


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("rediss://writer:wrong@127.0.0.1:{port}/0?{tls}", "invalid username-password"),
        ("rediss://stranger:stranger-secret@127.0.0.1:{port}/0?{tls}", "permissions|access"),
        ("redis://writer:writer-secret@127.0.0.1:{port}/0", "Connection"),
        ("redis://127.0.0.1:9/0", "refused"),
    ],
)
def test_a_redis_that_will_not_do_is_one_paragraph_with_a_remedy(
    redis_port: int, certificates: Path, url: str, said: str
) -> None:
    """Wrong password, no rights, no TLS, nobody there."""
    tls = f"ssl_cert_reqs=required&ssl_ca_certs={certificates}/ca.pem"
    servers = Servers(redis={"queue": url.format(port=redis_port, tls=tls)})
    with pytest.raises(ServiceFailed, match=said) as caught:
        Stack.start(servers=servers, say=quiet)
    assert "given redis-queue" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_doctor_tries_every_given_server(
    kafka_port: int,
    redis_port: int,
    certificates: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From the file that `--servers` names, with paths beside it."""
    options = kafka_options(kafka_port, certificates)
    lines = [f'"{name}" = "{value}"' for name, value in options.items()]
    file = certificates / "servers.toml"
    bad = redis_url(redis_port, certificates, "stranger")
    text = "\n".join(["[kafka]", *lines, "[redis]", f'queue = "{bad}"'])
    file.write_text(text.replace(f"{certificates}/", ""))
    monkeypatch.setenv(SERVERS_VARIABLE, str(file))
    monkeypatch.chdir(tmp_path)
    kafka, queue = diagnose_servers()
    assert (kafka.name, kafka.ok) == ("kafka", True), kafka.found
    assert (queue.name, queue.ok) == ("redis-queue", False)
    assert queue.remedy


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[kafak]", "kafak"),
        ('[kafka]\n"security.protocol" = "SSL"', "bootstrap.servers"),
        ('[kafka]\n"bootstrap.servers" = "a:1"\n"acks" = "0"', "acks"),
        ('[redis]\nqueue = "localhost"', "queue"),
        ('[redis]\nqeue = "redis://localhost"', "qeue"),
        ("replication = 0", "replication"),
        ("[kafka", "cannot be read"),
    ],
)
def test_a_file_of_servers_that_cannot_be_is_an_error_with_a_remedy(
    tmp_path: Path, text: str, said: str
) -> None:
    """It names what is wrong."""
    file = tmp_path / "servers.toml"
    file.write_text(text)
    with pytest.raises(BadParameter, match=said) as caught:
        Servers.read(file)
    assert isinstance(caught.value, EurekeError)
    assert caught.value.remedy
