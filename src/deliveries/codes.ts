/** What can be wrong with a subscription. A row per code; errors.ts has the whole list. */
export const DELIVERY_CODES = {
  egress_refused: { status: 400, title: 'The address is not one that this server may send to' },
  subscription_unreadable: {
    status: 409,
    title: 'The subscription was encrypted with a master secret that was replaced',
  },
} as const;
