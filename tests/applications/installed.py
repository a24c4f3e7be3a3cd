"""Applications of Debian's packages, each served from a temporary folder until its block ends: (port, some of its pages). Nothing runs
or stays outside of that folder. Some need data that a journey changes; all have what a visitor needs to log in."""
import contextlib
import getpass
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402

TITLES = ("One", "Two", "Three", "Four", "Five", "Six")  # articles of the wiki, posts of the blog
PASSWORD = "a-long-pass-word"
PYTHON = "/usr/bin/python3"  # the one that Debian's Django is for


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], timeout=300, capture_output=True, text=True, **more)
    assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


@contextlib.contextmanager
def running(command, folder, is_up, **environment):
    with open(folder / "origin.log", "ab") as log:
        process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, cwd=folder,
                                   env={**os.environ, **environment}, start_new_session=True)
    try:
        harness.wait_until(is_up, f"{command[0]} answers")
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # PHP's workers do not end with their parent
        process.wait(harness.PATIENCE)


@contextlib.contextmanager
def serving(command, port, folder, **environment):
    with running(command, folder, lambda: harness.answers(port), **environment):
        yield port


def php(folder, root, **environment):
    port = harness.free_port()
    return serving(["php", "-d", "display_errors=0", "-S", f"127.0.0.1:{port}", "-t", root], port, folder,
                   PHP_CLI_SERVER_WORKERS="4", **environment)


def article(title):
    """A heading and 120 words eight times, the same each time."""
    source = random.Random(title)
    words = ["".join(source.choice("aeioubcdfglmnprst") for _ in range(source.randint(2, 9))) for _ in range(300)]
    return [(source.choice(words), " ".join(source.choices(words, k=120)), source.choice(words)) for _ in range(8)]


@contextlib.contextmanager
def mediawiki(folder):
    run("php", "/usr/share/mediawiki/maintenance/install.php", "--dbtype", "sqlite", "--dbpath", folder / "db", "--dbname", "wiki",
        "--confpath", folder, "--server", "https://site.test", "--scriptpath", "", "--with-extensions=", "--skins=Vector",
        "--pass", PASSWORD, "Wiki", "Admin")
    with open(folder / "LocalSettings.php", "a") as settings:
        settings.write(f"$wgEnableUploads = true; $wgUploadDirectory = '{folder}/uploads'; $wgUseImageMagick = false;\n")
    (folder / "uploads").mkdir()
    for title in TITLES:
        text = "\n".join(f"== {heading} ==\n{words} [[{link}]]." for heading, words, link in article(title))
        run("php", "/usr/share/mediawiki/maintenance/edit.php", "--conf", folder / "LocalSettings.php", "-u", "Admin", title,
            input=f"This is {title}.\n{text}")
    with php(folder, "/usr/share/mediawiki", MW_CONFIG_FILE=str(folder / "LocalSettings.php")) as port:
        yield port, [f"/index.php?title={title}" for title in ("One", "Two", "Special:RecentChanges", "Special:UserLogin", "None")]


@contextlib.contextmanager
def dokuwiki(folder):
    with php(folder, "/usr/share/dokuwiki") as port:
        yield port, ["/doku.php?id=wiki:syntax", "/doku.php?id=wiki:dokuwiki", "/doku.php?id=wiki:welcome&do=login"]


@contextlib.contextmanager
def django(folder):
    run("django-admin", "startproject", "site_of_test", folder)
    with open(folder / "site_of_test/settings.py", "a") as settings:
        settings.write("ALLOWED_HOSTS = ['*']\n")
    run(PYTHON, "manage.py", "migrate", cwd=folder)
    run(PYTHON, "manage.py", "createsuperuser", "--noinput", "--username", "admin", "--email", "admin@site.test", cwd=folder,
        env={"DJANGO_SUPERUSER_PASSWORD": PASSWORD, "PATH": "/usr/bin:/bin"})
    port = harness.free_port()
    with serving([PYTHON, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"], port, folder) as port:
        yield port, ["/admin/login/", "/", "/admin/login/?next=/none"]


@contextlib.contextmanager
def mariadb(folder):
    """A server on a socket in the folder, which it yields. root has PASSWORD."""
    data, socket = folder / "mariadb", folder / "mariadb.socket"
    run("mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db",
        f"--user={getpass.getuser()}")
    command = ["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={socket}", "--skip-networking",
               f"--pid-file={folder}/mariadb.pid", f"--user={getpass.getuser()}"]

    def is_up():
        return subprocess.run(["mariadb-admin", "--no-defaults", f"--socket={socket}", "ping"], capture_output=True).returncode == 0
    with running(command, folder, is_up, PATH=os.environ["PATH"] + ":/usr/sbin"):
        statements(socket, f"SET PASSWORD FOR root@localhost = PASSWORD('{PASSWORD}');", password="")
        yield socket


def statements(socket, text, password=PASSWORD):
    run("mariadb", "--no-defaults", f"--socket={socket}", "--user=root", f"--password={password}", "-e", text)


@contextlib.contextmanager
def wordpress(folder):
    root = folder / "www"
    shutil.copytree("/usr/share/wordpress", root, ignore_dangling_symlinks=True)
    with mariadb(folder) as socket:
        statements(socket, "CREATE DATABASE wordpress;")
        (root / "wp-config.php").write_text(f"""<?php
foreach (['NAME' => 'wordpress', 'USER' => 'root', 'PASSWORD' => '{PASSWORD}', 'HOST' => 'localhost:{socket}', 'CHARSET' => 'utf8mb4',
          'COLLATE' => ''] as $name => $value) define('DB_' . $name, $value);
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $name) {{ define($name . '_KEY', $name); define($name . '_SALT', $name); }}
foreach (['WP_HOME', 'WP_SITEURL'] as $name) define($name, 'https://site.test');
foreach (['DISABLE_WP_CRON', 'WP_HTTP_BLOCK_EXTERNAL', 'AUTOMATIC_UPDATER_DISABLED'] as $name) define($name, true);
$_SERVER['HTTPS'] = 'on';
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
""")
        posts = {title: "".join(f"<!-- wp:paragraph --><p>{words}</p><!-- /wp:paragraph -->" for _, words, _ in article(title))
                 for title in TITLES}
        (folder / "install.php").write_text(f"""<?php
define('WP_INSTALLING', true); $_SERVER['HTTP_HOST'] = 'site.test';
require '{root}/wp-load.php'; require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Site', 'admin', 'admin@site.test', true, '', '{PASSWORD}');
switch_theme('twentytwentythree'); update_option('permalink_structure', '/%postname%/');
foreach ({php_array(posts)} as $title => $text)
  wp_insert_post(['post_title' => $title, 'post_status' => 'publish', 'post_author' => 1, 'post_content' => $text]);
""")
        run("php", folder / "install.php")
        with php(folder, root) as port:
            yield port, ["/", "/one/", "/two/", "/wp-login.php", "/none/"]


def php_array(values):
    return "[" + ", ".join(f"'{name}' => '{value}'" for name, value in values.items()) + "]"


@contextlib.contextmanager
def phpmyadmin(folder):
    root = folder / "www"
    shutil.copytree("/usr/share/phpmyadmin", root, ignore_dangling_symlinks=True)
    (folder / "tmp").mkdir()
    places = root / "libraries/vendor_config.php"
    text = places.read_text()
    for debians, ours in (("/etc/phpmyadmin/config.inc.php", folder / "config.inc.php"), ("/var/lib/phpmyadmin/tmp/", f"{folder}/tmp/")):
        assert debians in text, debians
        text = text.replace(debians, str(ours))
    places.write_text(text)
    with mariadb(folder) as socket:
        statements(socket, "CREATE DATABASE library; CREATE TABLE library.books (id INT PRIMARY KEY AUTO_INCREMENT, title VARCHAR(99), "
                           "text TEXT); CREATE TABLE library.readers (id INT PRIMARY KEY, name VARCHAR(99));" +
                   "".join(f"INSERT INTO library.books (title, text) VALUES ('{title} {number}', '{words}');"
                           for title in TITLES for number, (_, words, _) in enumerate(article(title))))
        (folder / "config.inc.php").write_text(f"""<?php
$cfg['blowfish_secret'] = '{"x" * 32}'; $cfg['TempDir'] = '{folder}/tmp'; $cfg['PmaAbsoluteUri'] = 'https://site.test/';
$cfg['Servers'][1] = ['auth_type' => 'cookie', 'host' => 'localhost', 'socket' => '{socket}'];
$cfg['VersionCheck'] = false; $cfg['SendErrorReports'] = 'never';
""")
        with php(folder, root) as port:
            yield port, ["/", "/index.php?route=/database/structure&db=library"]


NETDATA = """[global]
    run as user = {user}
[directories]
    lib = {folder}/lib
    cache = {folder}/cache
    log = {folder}/log
    config = {folder}/conf
[db]
    mode = ram
    retention = 600
[health]
    enabled = no
[ml]
    enabled = no
[web]
    bind to = 127.0.0.1:{port}
    web files owner = root
    web files group = root
[plugins]
    proc = yes
    diskspace = yes
    idlejitter = yes
    enable running new plugins = no
"""


def has_charts(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/charts", timeout=harness.PATIENCE) as answer:
        return b"mem.available" in answer.read()


@contextlib.contextmanager
def netdata(folder):
    port = harness.free_port()
    for name in ("lib", "cache", "log", "conf"):
        (folder / name).mkdir()
    (folder / "conf/.opt-out-from-anonymous-statistics").touch()  # it asks servers of its makers otherwise
    (folder / "netdata.conf").write_text(NETDATA.format(user=getpass.getuser(), folder=folder, port=port))
    with serving(["netdata", "-D", "-c", folder / "netdata.conf", "-P", folder / "pid"], port, folder,
                 PATH=os.environ["PATH"] + ":/usr/sbin") as port:
        harness.wait_until(lambda: has_charts(port), "the first charts are there")
        yield port, ["/", "/api/v1/charts"]


APPLICATIONS = {one.__name__: one for one in (wordpress, mediawiki, django, dokuwiki, phpmyadmin, netdata)}
