import type { Command } from 'commander';
import { CommanderError } from 'commander';
import { createProgram, runProgram } from '../../src/commands/program.ts';

/** What a command printed, and the exit code that it leaves with. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `tocsin` in this process, with these settings alone. One at a time. */
export async function runCommand(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<Ran> {
  const restore = replaceSettings(settings);
  const out = capture(process.stdout);
  const err = capture(process.stderr);
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    const program = createProgram();
    throwInsteadOfExit(program);
    await runProgram(program, args);
    return { code: process.exitCode, out: out.text(), err: err.text() };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { code: error.exitCode, out: out.text(), err: err.text() };
  } finally {
    process.exitCode = before;
    for (const one of [out, err]) one.end();
    restore();
  }
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const inner of command.commands) throwInsteadOfExit(inner);
}

function replaceSettings(settings: Readonly<Record<string, string>>): () => void {
  const before = { ...process.env };
  for (const name of Object.keys(before)) {
    if (/^(TOCSIN_|DATABASE_URL)|^(HOST|PORT|LOG_LEVEL)$/.test(name)) delete process.env[name];
  }
  Object.assign(process.env, settings);
  return () => {
    for (const name of Object.keys(settings)) delete process.env[name];
    Object.assign(process.env, before);
  };
}

function capture(stream: NodeJS.WriteStream) {
  const { write } = stream;
  let text = '';
  stream.write = (chunk: string | Uint8Array) => {
    text += chunk.toString();
    return true;
  };
  return {
    text: () => text,
    end: () => {
      stream.write = write;
    },
  };
}
