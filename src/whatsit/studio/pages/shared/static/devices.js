// Estimates of a model's time on other devices: "Zero 2 W: 44 to 61 ms · 4: 16 to 27 ms", or a line for each.
import { t } from "./messages.js";

const FAMILY = "Raspberry Pi ";
const figure = new Intl.NumberFormat(document.documentElement.lang, { maximumSignificantDigits: 2 }); // more than they know

export const onDevices = (rows, between = " · ") => rows.map(({ device, low, high }) => t("devices.range", { device: device.replace(FAMILY, ""), low: figure.format(low), high: figure.format(high) })).join(between);
