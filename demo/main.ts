/** The commands of Tocsin and `tocsin demo`: what bin/tocsin.js runs in a checkout. */
import { createProgram, runProgram } from '../src/commands/program.ts';
import { demoCommand } from './command.ts';

await runProgram(createProgram().addCommand(demoCommand()), process.argv.slice(2));
