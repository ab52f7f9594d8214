// Estimates of a model's time on other devices: "Zero 2 W: 44 to 61 ms · 4: 16 to 27 ms", or a line for each.
import { t } from "./messages.js";
import { figure } from "./names.js";

const FAMILY = "Raspberry Pi ";

export const onDevices = (rows, between = " · ") => rows.map(({ device, low, high }) => t("devices.range", { device: device.replace(FAMILY, ""), low: figure.format(low), high: figure.format(high) })).join(between);
