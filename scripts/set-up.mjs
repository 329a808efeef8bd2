/**
 * Installs what the npm scripts need: the pinned npm packages, Node 24, and a private Python environment with the AWS
 * emulator. Runs before them and before node_modules exists, so it uses Node's own modules only; under Node 20 or later.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const windows = process.platform === 'win32';
const started = Date.now();
const quiet = process.argv.includes('--quiet');

// Standard output belongs to the command that this runs before: a token, for one.
const toStandardError = ['ignore', 2, 2];

const oldestNode = 20;
const wantedNode = 24;
const oldestPython = [3, 10];

/** Ends the set-up with sentences that say what is missing and how to get it. */
function stop(...sentences) {
  console.error(`\nChartlock cannot be set up.\n${sentences.join('\n')}\n`);
  process.exit(1);
}

function say(text) {
  if (!quiet) console.error(`set-up  ${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s  ${text}`);
}

function output(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

function checkNode() {
  if (Number(process.versions.node.split('.')[0]) >= oldestNode) return;
  stop(
    `Node ${oldestNode} or later is needed to begin; this is ${process.version}.`,
    'Get it from https://nodejs.org or your package manager, then run the same command again.',
  );
}

/** Whether node_modules holds exactly what package-lock.json asks for; npm keeps its own record of what it installed. */
function packagesInstalled() {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === '' ||
      installed[path]?.version === entry.version ||
      (installed[path] === undefined && (entry.optional || entry.devOptional || entry.peer)),
  );
}

function installPackages() {
  if (packagesInstalled()) return;
  say('installing npm packages (npm ci)');
  const npm = process.env.npm_execpath;
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const result = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: toStandardError })
    : spawnSync(windows ? 'npm.cmd' : 'npm', args, { cwd: root, stdio: toStandardError, shell: windows });
  if (result.status !== 0) {
    stop(
      '`npm ci` failed; its own message is above.',
      'A network connection to the npm registry is needed the first time.',
    );
  }
  say('npm packages installed');
}

function checkNode24() {
  const own = join(root, 'node_modules', '.bin', windows ? 'node.cmd' : 'node');
  if (existsSync(own)) return;
  if (Number(process.versions.node.split('.')[0]) >= wantedNode) return;
  stop(
    `Chartlock runs on Node ${wantedNode}. npm has no Node ${wantedNode} package for ${process.platform} ${process.arch},`,
    `so please install Node ${wantedNode} or later yourself (https://nodejs.org) and run the same command again.`,
  );
}

/** The first Python that is new enough, or the versions that are not. */
function findPython() {
  const candidates = windows
    ? [['py', '-3'], ['python']]
    : [['python3'], ['python3.13'], ['python3.12'], ['python3.11'], ['python3.10'], ['python']];
  const tooOld = [];
  for (const [command, ...args] of candidates) {
    const version = output(command, [...args, '-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
    if (version === undefined) continue;
    const [major, minor] = version.split('.').map(Number);
    if (major === oldestPython[0] && minor >= oldestPython[1]) return { python: [command, ...args], version };
    tooOld.push(version);
  }
  return { tooOld };
}

function installEmulator() {
  const requirements = join(root, 'scripts', 'local', 'emulator', 'requirements.txt');
  const environment = join(root, '.local', 'venv');
  const interpreter = join(environment, ...(windows ? ['Scripts', 'python.exe'] : ['bin', 'python']));
  const stamp = join(environment, 'chartlock-requirements.sha256');
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  if (existsSync(interpreter) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;

  const { python, version, tooOld } = findPython();
  if (!python) {
    stop(
      `Python ${oldestPython.join('.')} or later is needed: the local AWS emulator is a Python program.`,
      tooOld.length > 0 ? `Found only Python ${tooOld.join(', ')}.` : 'No Python was found.',
      'Get it from https://www.python.org/downloads/ or your package manager (Debian and Ubuntu: apt install python3 python3-venv),',
      'then run the same command again.',
    );
  }
  say(`making a private Python ${version} environment in .local/venv`);
  rmSync(environment, { recursive: true, force: true });
  mkdirSync(dirname(environment), { recursive: true });
  const [command, ...args] = python;
  const made = spawnSync(command, [...args, '-m', 'venv', environment], { encoding: 'utf8' });
  if (made.status !== 0) {
    stop(
      `Python ${version} cannot make a virtual environment.`,
      'On Debian and Ubuntu: apt install python3-venv. Then run the same command again.',
      (made.stderr || made.stdout || '').trim(),
    );
  }
  say('installing the AWS emulator (pip, pinned versions)');
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--no-input',
    '-r',
    requirements,
  ];
  const installed = spawnSync(interpreter, pip, { stdio: toStandardError });
  if (installed.status !== 0) {
    stop(
      'pip could not install the AWS emulator; its own message is above.',
      'A network connection to the Python package index is needed the first time.',
    );
  }
  writeFileSync(stamp, digest);
  say('AWS emulator installed');
}

checkNode();
installPackages();
checkNode24();
installEmulator();
