/**
 * The programs installed in a guest. The one rule: what is not listed here does not exist, and says "not found" with status 127.
 */
import { awk } from '../awk/program.js';
import * as columns from './columns.js';
import type { Program } from './context.js';
import * as disk from './disk.js';
import * as encode from './encode.js';
import { grep } from './grep.js';
import { curl, wget } from './http.js';
import * as network from './network.js';
import * as paths from './paths.js';
import { ping } from './ping.js';
import { sed } from './sed.js';
import * as system from './system.js';
import * as text from './text.js';
import * as time from './time.js';

const { runner, nothing } = system;

/** Shells are interpreted (see ../shell/launch.ts); they stand here so that they exist on the disk. */
/** Built into the shell, and programs too. */
export const BUILT_IN = ['[', 'echo', 'kill', 'printf', 'pwd', 'test'] as const;
const SHELLS = ['sh', 'ash', 'dash'] as const;

export const PROGRAMS: ReadonlyMap<string, Program> = new Map<string, Program>(
  Object.entries({
    ...Object.fromEntries(SHELLS.map((name) => [name, nothing])),
    awk,
    mawk: awk,
    base64: encode.base64,
    basename: paths.basename,
    cat: text.cat,
    chgrp: nothing,
    chmod: disk.chmod,
    chown: nothing,
    cp: disk.cp,
    curl,
    cut: columns.cut,
    date: time.date,
    dirname: paths.dirname,
    egrep: grep,
    env: system.env,
    expr: system.expr,
    false: system.falseProgram,
    fgrep: grep,
    grep,
    head: text.head,
    hostname: system.hostname,
    id: system.id,
    ifconfig: network.ifconfig,
    ip: network.ip,
    killall: system.killByName,
    ln: disk.ln,
    logger: system.logger,
    ls: disk.ls,
    md5sum: encode.md5sum,
    mkdir: disk.mkdir,
    mktemp: disk.mktemp,
    mv: disk.mv,
    nice: runner,
    nohup: runner,
    nslookup: network.nslookup,
    od: encode.od,
    ping,
    pkill: system.killByName,
    printenv: system.printenv,
    ps: system.ps,
    rm: disk.rm,
    rmdir: disk.rmdir,
    route: network.route,
    sed,
    seq: text.seq,
    setsid: runner,
    sha1sum: encode.sha1sum,
    sha256sum: encode.sha256sum,
    sha512sum: encode.sha512sum,
    sleep: time.sleep,
    sort: columns.sort,
    stdbuf: runner,
    sudo: runner,
    sync: nothing,
    tail: text.tail,
    tee: text.tee,
    timeout: time.timeout,
    touch: disk.touch,
    tr: columns.tr,
    true: nothing,
    uname: system.uname,
    uniq: columns.uniq,
    uptime: time.uptime,
    wc: text.wc,
    wget,
    which: paths.which,
    whoami: system.whoami,
    xargs: system.xargs,
    yes: text.yes,
  }),
);
