/** How far the log reaches and how far behind the sequencer is: numbers alone, no content. */
export { findLogBounds, findSequencerLag } from '../store/content/log.ts';
