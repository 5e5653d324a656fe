/** The doors of the server. A new one is added here, and knows nothing of the others. */
import type { Services } from './context.ts';
import type { Door } from './door.ts';
import { restDoor } from './rest/door.ts';

export type DoorOf = (services: Services) => Door;

export const DOORS: readonly DoorOf[] = [restDoor];
