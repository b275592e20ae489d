<?php
/* Stand-in: the methods that the HAProxy package's sync calls, and pfSense's own. */
require_once('config.inc');

function answer(array $words) {
	header('Content-Type: application/json');
	die(json_encode($words));
}

function merge_installedpackages_section($section) {
	global $config;
	$config['installedpackages'] = array_merge($config['installedpackages'], $section);
	write_config('Merged in config (' . implode(', ', array_keys($section)) . ' sections) from XMLRPC client.');
	return true;
}

function restore_config_section($sections) {
	global $config;
	$config = array_replace($config, $sections);
	write_config('Merged in config (' . implode(', ', array_keys($sections)) . ' sections) from XMLRPC client.');
	return true;
}

function exec_php($code) {
	eval($code);
	return true;
}

$config = standin_parse(false);
if (($_SERVER['PHP_AUTH_USER'] ?? '') !== 'admin' || ($_SERVER['PHP_AUTH_PW'] ?? '') !== '@SYNC_PASSWORD@') {
	answer(['fault' => -1, 'message' => 'Authentication failed: Invalid username or password']);
}
if ($_SERVER['REMOTE_ADDR'] === standin_get_path('hasync/synchronizetoip')) {
	log_error('Disallowing CARP sync loop');
	answer(['result' => true]);
}
$call = json_decode(file_get_contents('php://input'), true);
switch ($call['method']) {
case 'pfsense.merge_installedpackages_section':
	answer(['result' => merge_installedpackages_section($call['parameter'])]);
case 'pfsense.host_firmware_version':
	answer(['result' => ['config_version' => $config['version']]]);
case 'pfsense.restore_config_section':
	answer(['result' => restore_config_section($call['parameter'])]);
case 'pfsense.exec_php':
	answer(['result' => exec_php($call['parameter'])]);
default:
	answer(['fault' => -3, 'message' => "no method {$call['method']}"]);
}
