"""Recognising what users bring: functions and objects behind the contract."""
